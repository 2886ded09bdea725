import type { Micros } from '../../base/time.js';
import type { HistoryRow } from '../../trail/store/history/history-rows.js';
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
 * The clients of the ports in these sightings, by first sign. The same as the view, but within a span, which the view
 * cannot do. Memory grows with the clients, not with the sightings.
 */
export async function summarize(sightings: Iterable<HistoryRow> | AsyncIterable<HistoryRow>): Promise<ClientRow[]> {
  const clients = new Map<string, Client>();
  for await (const row of sightings) {
    const port = [row.switchName, row.portName, row.remoteId?.toString('hex'), row.circuitId?.toString('hex')];
    const key = JSON.stringify([...port, row.mac]);
    const client = clients.get(key) ?? { first: row, ...NOTHING_SEEN, addresses: new Set<string>() };
    clients.set(key, client);
    client.firstSeen = Math.min(client.firstSeen, row.firstSeen);
    client.lastSeen = Math.max(client.lastSeen, row.lastSeen);
    client.addresses.add(row.ip);
    client.sightings += 1;
  }
  return [...clients.values()].map(toClientRow).sort((a, b) => a.firstSeen - b.firstSeen);
}

interface Client {
  readonly first: HistoryRow;
  readonly addresses: Set<string>;
  firstSeen: Micros;
  lastSeen: Micros;
  sightings: number;
}

const NOTHING_SEEN = { firstSeen: Number.POSITIVE_INFINITY, lastSeen: Number.NEGATIVE_INFINITY, sightings: 0 };

function toClientRow({ first, addresses, firstSeen, lastSeen, sightings }: Client): ClientRow {
  const { switchName, portName, remoteId, circuitId, mac } = first;
  return { switchName, portName, remoteId, circuitId, mac, firstSeen, lastSeen, addresses: addresses.size, sightings };
}
