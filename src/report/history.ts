import type { Knex } from 'knex';
import type { Micros } from '../base/time.js';
import { keepWithin, optionalTime, requiredTime, type SqlRow } from './rows.js';
import type { Shape } from './shape.js';
import type { Span } from './span.js';

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

/** Whose sightings: one address, one hardware address, or ports or switches by their ids in the trail. */
export type Subject =
  | { readonly by: 'ip' | 'mac'; readonly value: string }
  | { readonly by: 'port_id' | 'switch_id'; readonly ids: readonly Buffer[] };

/**
 * The sightings of a subject that held within the span, oldest first. A sighting holds from first_seen until it ended,
 * or until the lease runs out; an open one whose lease is over by `now` shows as ended then.
 *
 * Reads the tables under the view `port_history`: only they know the ids of switches and ports, on which the indexes are.
 */
export async function readHistory(db: Knex, subject: Subject, span: Span, now: Micros): Promise<HistoryRow[]> {
  const query = db('sightings as s')
    .leftJoin('ports as p', 'p.port_id', 's.port_id')
    .leftJoin('switches as w', 'w.switch_id', 's.switch_id')
    .select('s.*', 'p.circuit_id as circuit_id', 'p.name as port_name', 'w.name as switch_name', 'w.kind as kind')
    .select('w.value as value')
    .orderBy(['s.first_seen', 's.opened_queue', 's.opened_sequence']);
  if ('ids' in subject) query.whereIn(`s.${subject.by}`, subject.ids as Buffer[]);
  else query.where(`s.${subject.by}`, subject.value);
  keepWithin(query, span, { start: 's.first_seen', end: 'COALESCE(s.ended_at, s.lease_until)', open: false });
  return ((await query) as SqlRow[]).map((row) => toHistoryRow(row, now));
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
    events: row.events as number,
  };
}
