import type { Micros } from '../../base/time.js';
import type { HistoryRow } from './history.js';
import type { Shape } from './shape.js';

/** First and last sign of one hardware address on one port, with the columns of the view `port_clients`. */
export interface ClientRow {
  readonly switchName: string | null;
  readonly portName: string | null;
  readonly remoteId: Buffer | null;
  readonly circuitId: Buffer | null;
  readonly mac: string | null;
  readonly firstSeen: Micros;
  readonly lastSeen: Micros;
  /** How many different addresses it had there. */
  readonly addresses: number;
  readonly sightings: number;
}

export const CLIENT_SHAPE: Shape<ClientRow> = {
  switchName: 'text',
  portName: 'text',
  remoteId: 'bytes',
  circuitId: 'bytes',
  mac: 'text',
  firstSeen: 'time',
  lastSeen: 'time',
  addresses: 'number',
  sightings: 'number',
};

/**
 * The clients of the ports in these sightings, by first sign. Says what the view says, but of the sightings of a span
 * alone, which the view cannot.
 */
export function summarize(rows: readonly HistoryRow[]): ClientRow[] {
  const groups = new Map<string, HistoryRow[]>();
  for (const row of rows) {
    const port = [row.switchName, row.portName, row.remoteId?.toString('hex'), row.circuitId?.toString('hex')];
    const key = JSON.stringify([...port, row.mac]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].map(toClient).sort((a, b) => a.firstSeen - b.firstSeen);
}

function toClient(rows: readonly HistoryRow[]): ClientRow {
  const { switchName, portName, remoteId, circuitId, mac } = rows[0]!;
  let [firstSeen, lastSeen] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    firstSeen = Math.min(firstSeen, row.firstSeen);
    lastSeen = Math.max(lastSeen, row.lastSeen);
  }
  const addresses = new Set(rows.map((row) => row.ip)).size;
  return { switchName, portName, remoteId, circuitId, mac, firstSeen, lastSeen, addresses, sightings: rows.length };
}
