import { type Micros, toSqlTime } from '../../../base/time.js';
import { uuidText } from '../../../ledger/event/encoding.js';
import { optionalTime, requiredTime, type SqlRow } from './row-times.js';
import type { Selected } from './select-together.js';

/** From when to when, and up to which event, the trail has the events of one queue. */
export interface QueueReach {
  readonly queueUuid: string;
  readonly server: string;
  /** Its first event, null if retention has removed all. */
  readonly from: Micros | null;
  /** Its last event that was shipped. */
  readonly to: Micros;
  /** Sequence of the last event. */
  readonly sequence: number;
  /** True if the last event lies before the end asked about and says that the server stopped. */
  readonly isStopped: boolean;
}

const FIRST_AT = '(SELECT e.at FROM events e WHERE e.queue_uuid = q.queue_uuid ORDER BY e.sequence LIMIT 1)';
const LAST_KIND = '(SELECT e.kind FROM events e WHERE e.queue_uuid = q.queue_uuid AND e.sequence = q.sequence)';

/** End of what retention has removed: of the newest baseline. A subquery here costs less than one more SELECT in a UNION. */
const REMOVED_BEFORE = '(SELECT b.sightings_before FROM baselines b ORDER BY b.made_at DESC LIMIT 1)';

/** Selects the reach of each queue, for {@link toReach}. @param end queues that reach this far are not checked for a stop */
export function reachOfTrail(end: Micros): Selected {
  const columns = {
    queue_uuid: 'q.queue_uuid',
    server: 'q.server',
    sequence: 'q.sequence',
    first_at: FIRST_AT,
    last_at: 'q.last_at',
    last_kind: `CASE WHEN q.last_at < ? THEN ${LAST_KIND} END`,
    removed_before: REMOVED_BEFORE,
  };
  return { columns, from: 'FROM queues q', values: [toSqlTime(end)] };
}

/** The rows of {@link reachOfTrail}, sorted by server and time. */
export function toReach(rows: readonly SqlRow[]): QueueReach[] {
  const queues = rows.map((row) => {
    const to = requiredTime(row.last_at);
    return {
      queueUuid: uuidText(row.queue_uuid as Buffer),
      server: row.server as string,
      from: optionalTime(row.first_at),
      to,
      sequence: Number(row.sequence),
      isStopped: row.last_kind === 'server-stopped',
    };
  });
  return queues.sort((a, b) => (a.server < b.server ? -1 : a.server > b.server ? 1 : a.to - b.to));
}

/** Retention removed sightings that ended before, as rows of {@link reachOfTrail} say; null if it never removed any. */
export function removedBefore(rows: readonly SqlRow[]): Micros | null {
  return optionalTime(rows[0]?.removed_before);
}

/** The earliest of these times, null if all are. */
export function earliest(times: readonly (Micros | null)[]): Micros | null {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : known.reduce((first, at) => Math.min(first, at));
}
