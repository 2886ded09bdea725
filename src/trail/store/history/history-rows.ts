import type { Micros } from '../../../base/time.js';
import { compareText } from '../../sightings/rules.js';
import type { TrailConnection } from '../database.js';
import { isPort, isSwitch } from './find-ports.js';
import { streamRows } from './row-stream.js';
import { optionalTime, requiredTime, type SqlRow } from './row-times.js';
import type { Selected } from './select-together.js';
import { type Condition, overlaps, type Span } from './span.js';

/** Whose sightings: of an address, of a hardware address, on a switch, or on a port. Switch and port: see isSwitch and isPort. */
export type Subject =
  | { readonly kind: 'ip'; readonly address: string }
  | { readonly kind: 'mac'; readonly mac: string }
  | { readonly kind: 'switch'; readonly switch: string }
  | { readonly kind: 'port'; readonly switch: string; readonly port: string };

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

/** The columns of {@link toHistoryRow}, and those that give the order. */
const COLUMNS: Selected['columns'] = {
  ...Object.fromEntries(
    [
      ...['p.circuit_id', 'w.kind', 'w.value', 's.ip', 's.mac', 's.client_id', 's.hostname', 's.first_seen'],
      ...['s.last_seen', 's.lease_until', 's.ended_at', 's.end_reason', 's.evidence', 's.server', 's.events'],
      ...['s.opened_queue', 's.opened_sequence'],
    ].map((column) => [column.slice(2), column]),
  ),
  port_name: 'p.name',
  switch_name: 'w.name',
};

const BY_SIGHTING = `sightings s
  LEFT JOIN ports p ON p.port_id = s.port_id
  LEFT JOIN switches w ON w.switch_id = s.switch_id`;
/** Leaves the database one plan only: from the name of the switch to that of the port to its sightings. */
const BY_PORT = `switches w
  JOIN ports p ON p.switch_id = w.switch_id
  JOIN sightings s ON s.port_id = p.port_id`;

/**
 * Selects the sightings of a subject that overlap the span, in no order, for {@link toHistoryRows}. A sighting lasts from
 * first_seen until it ended, or until its lease runs out.
 *
 * Reads the tables under the view `port_history`: only they have the ids of switches and ports, which are indexed.
 */
export function sightingsInSpan(subject: Subject, span: Span): Selected {
  const lasted = overlaps(span, { start: 's.first_seen', end: 'COALESCE(s.ended_at, s.lease_until)', open: false });
  const own = isOf(subject);
  const tables = subject.kind === 'port' ? BY_PORT : BY_SIGHTING;
  const from = `FROM ${tables} WHERE ${own.sql} AND ${lasted.sql}`;
  return { columns: COLUMNS, from, values: [...own.values, ...lasted.values] };
}

function isOf(subject: Subject): Condition {
  if (subject.kind === 'ip') return { sql: 's.ip = ?', values: [subject.address] };
  if (subject.kind === 'mac') return { sql: 's.mac = ?', values: [subject.mac] };
  const onSwitch = isSwitch(subject.switch, 'w.');
  if (subject.kind === 'switch') return onSwitch;
  const onPort = isPort(subject.port, 'p.');
  return { sql: `${onSwitch.sql} AND ${onPort.sql}`, values: [...onSwitch.values, ...onPort.values] };
}

/** The rows of {@link sightingsInSpan}, oldest first; an open sighting whose lease is over at `now` is shown as ended then. */
export function toHistoryRows(rows: SqlRow[], now: Micros): HistoryRow[] {
  return rows.sort(compareRows).map((row) => toHistoryRow(row, now));
}

/**
 * The same rows as {@link toHistoryRows}, one by one and in flat memory: the database sorts. Occupies one connection until
 * the reader is done. Throws DamagedTrailError, or what the driver throws.
 */
export async function* streamHistory(
  db: TrailConnection,
  subject: Subject,
  span: Span,
  now: Micros,
): AsyncGenerator<HistoryRow> {
  const { columns, from, values } = sightingsInSpan(subject, span);
  const list = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`);
  const order = 'ORDER BY s.first_seen, s.opened_queue, s.opened_sequence';
  for await (const row of streamRows(db, `SELECT ${list.join(', ')} ${from} ${order}`, values))
    yield toHistoryRow(row, now);
}

function compareRows(a: SqlRow, b: SqlRow): number {
  return (
    compareText(a.first_seen as string, b.first_seen as string) ||
    Buffer.compare(a.opened_queue as Buffer, b.opened_queue as Buffer) ||
    Number(a.opened_sequence) - Number(b.opened_sequence)
  );
}

/** The row as the view `port_history` shows it at `now`. */
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
