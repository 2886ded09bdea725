import type { Micros } from '../../base/time.js';
import { compareText } from '../../trail/sightings/rules.js';
import { isPort, isSwitch } from './places.js';
import type { Located } from './request.js';
import { type Condition, optionalTime, requiredTime, type SqlRow, within } from './rows.js';
import type { Shape } from './shape.js';
import type { Span } from './span.js';
import type { Selected } from './together.js';

/** One sighting, with the columns of the view `port_history`. */
export interface HistoryRow {
  readonly switchName: string | null;
  readonly portName: string | null;
  readonly remoteId: Buffer | null;
  readonly circuitId: Buffer | null;
  readonly ip: string;
  readonly mac: string | null;
  readonly clientId: Buffer | null;
  /** Escaped ASCII. */
  readonly hostname: string | null;
  readonly firstSeen: Micros;
  readonly lastSeen: Micros;
  readonly leaseUntil: Micros;
  /** Null while it is open. */
  readonly endedAt: Micros | null;
  readonly endReason: string | null;
  readonly evidence: string;
  readonly server: string;
  /** How many events it was made from. */
  readonly events: number;
}

export const HISTORY_SHAPE: Shape<HistoryRow> = {
  switchName: 'text',
  portName: 'text',
  remoteId: 'bytes',
  circuitId: 'bytes',
  ip: 'text',
  mac: 'text',
  clientId: 'bytes',
  hostname: 'text',
  firstSeen: 'time',
  lastSeen: 'time',
  leaseUntil: 'time',
  endedAt: 'time',
  endReason: 'text',
  evidence: 'text',
  server: 'text',
  events: 'number',
};

/** The columns of {@link toHistoryRow} and of their order. */
const COLUMNS: Selected['columns'] = Object.fromEntries(
  [
    ...['p.circuit_id', 'w.kind', 'w.value', 's.ip', 's.mac', 's.client_id', 's.hostname', 's.first_seen'],
    ...['s.last_seen', 's.lease_until', 's.ended_at', 's.end_reason', 's.evidence', 's.server', 's.events'],
    ...['s.opened_queue', 's.opened_sequence'],
  ]
    .map((column) => [column.slice(2), column])
    .concat([
      ['port_name', 'p.name'],
      ['switch_name', 'w.name'],
    ]),
);

const BY_SIGHTING = `sightings s
  LEFT JOIN ports p ON p.port_id = s.port_id
  LEFT JOIN switches w ON w.switch_id = s.switch_id`;
/** Leaves the database one way only: from the name of the switch to that of the port to its sightings. */
const BY_PORT = `switches w
  JOIN ports p ON p.switch_id = w.switch_id
  JOIN sightings s ON s.port_id = p.port_id`;

/**
 * Asks for the sightings of a subject that held within the span; see {@link toHistoryRows}. A sighting holds from first_seen until it ended,
 * or until the lease runs out.
 *
 * Reads the tables under the view `port_history`: only they know the ids of switches and ports, on which the indexes are.
 */
export function historySelection(question: Located, span: Span): Selected {
  const held = within(span, { start: 's.first_seen', end: 'COALESCE(s.ended_at, s.lease_until)', open: false });
  const asked = subjectOf(question);
  const tables = question.about === 'port' ? BY_PORT : BY_SIGHTING;
  const from = `FROM ${tables} WHERE ${asked.sql} AND ${held.sql}`;
  return { columns: COLUMNS, from, values: [...asked.values, ...held.values] };
}

/** Whose sightings: of one address, one hardware address, or the switches or ports of that name. */
function subjectOf(question: Located): Condition {
  if (question.about === 'ip') return { sql: 's.ip = ?', values: [question.address] };
  if (question.about === 'mac') return { sql: 's.mac = ?', values: [question.mac] };
  const onSwitch = isSwitch(question.switch, 'w.');
  if (question.about === 'switch') return onSwitch;
  const onPort = isPort(question.port, 'p.');
  return { sql: `${onSwitch.sql} AND ${onPort.sql}`, values: [...onSwitch.values, ...onPort.values] };
}

/** What {@link historySelection} found, oldest first; an open sighting whose lease is over by `now` shows as ended then. */
export function toHistoryRows(rows: SqlRow[], now: Micros): HistoryRow[] {
  return rows.sort(compareRows).map((row) => toHistoryRow(row, now));
}

function compareRows(a: SqlRow, b: SqlRow): number {
  return (
    compareText(a.first_seen as string, b.first_seen as string) ||
    Buffer.compare(a.opened_queue as Buffer, b.opened_queue as Buffer) ||
    Number(a.opened_sequence) - Number(b.opened_sequence)
  );
}

/** The row as the view shows it at `now`. */
function toHistoryRow(row: SqlRow, now: Micros): HistoryRow {
  const leaseUntil = requiredTime(row.lease_until);
  const over = row.ended_at === null && leaseUntil <= now;
  return {
    switchName: row.switch_name as string | null,
    portName: row.port_name as string | null,
    remoteId: row.kind === 'remote-id' ? (row.value as Buffer) : null,
    circuitId: row.circuit_id as Buffer | null,
    ip: row.ip as string,
    mac: row.mac as string | null,
    clientId: row.client_id as Buffer | null,
    hostname: row.hostname as string | null,
    firstSeen: requiredTime(row.first_seen),
    lastSeen: requiredTime(row.last_seen),
    leaseUntil,
    endedAt: over ? leaseUntil : optionalTime(row.ended_at),
    endReason: over ? 'expired' : (row.end_reason as string | null),
    evidence: row.evidence as string,
    server: row.server as string,
    events: Number(row.events),
  };
}
