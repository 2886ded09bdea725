import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import type { Row } from './event-table.js';
import { EVENT_GAP_KINDS, type Gap, lostQueueGap } from './gaps.js';
import { upsertRows } from './sql.js';

/** The columns of table `gaps`, in the order of {@link gapToRow}. */
export const GAP_COLUMNS = ['queue_uuid', 'sequence', 'kind', 'server', 'gap_from', 'gap_until', 'detail'];

/** Writes gaps; replaces those of the same queue, sequence and kind. */
export async function writeGaps(db: TrailConnection, gaps: readonly Gap[]): Promise<void> {
  await upsertRows(db, 'gaps', GAP_COLUMNS, 3, gaps.map(gapToRow));
}

/** Up to `limit` rows of gaps made by events of a queue, after this sequence, in order, with their stored values. */
export async function gapRowPage(db: TrailConnection, queue: string, after: number, limit: number): Promise<Row[]> {
  return await knexOf(db)('gaps')
    .select(GAP_COLUMNS)
    .whereIn('kind', [...EVENT_GAP_KINDS])
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit);
}

/** The row of a gap as it is stored, undefined if there is none. */
export async function gapRow(
  db: TrailConnection,
  { queue, sequence, kind }: Pick<Gap, 'queue' | 'sequence' | 'kind'>,
): Promise<Row | undefined> {
  return await knexOf(db)('gaps')
    .where({ queue_uuid: uuidBytes(queue), sequence, kind })
    .first(GAP_COLUMNS);
}

/** The values of a gap's row, in the order of {@link GAP_COLUMNS}. */
export function gapToRow(gap: Gap): Value[] {
  return [
    uuidBytes(gap.queue),
    gap.sequence,
    gap.kind,
    gap.server,
    gap.from === null ? null : toSqlTime(gap.from),
    gap.until === null ? null : toSqlTime(gap.until),
    gap.detail,
  ];
}

/**
 * Closes the gaps of the server's former queues where a new queue begins. If the new queue does not know of a former one, the time
 * between the two is a gap, too.
 */
export async function succeedQueue(db: TrailConnection, first: LedgerEvent): Promise<void> {
  const lastAt = await lastOfOtherQueues(db, first);
  if (lastAt === null) return;
  if (first.leaseStart === null) await writeGaps(db, [lostQueueGap(first, lastAt)]);
  await knexOf(db)('gaps')
    .where({ kind: 'queue-mismatch', server: first.server })
    .whereNot('queue_uuid', uuidBytes(first.queue))
    .whereNull('gap_until')
    .update({ gap_until: toSqlTime(first.at) });
}

/** When the server's other queues ended before this event, null if there is none. */
async function lastOfOtherQueues(db: TrailConnection, first: LedgerEvent): Promise<Micros | null> {
  const row = await knexOf(db)('queues')
    .where('server', first.server)
    .whereNot('queue_uuid', uuidBytes(first.queue))
    .where('last_at', '<=', toSqlTime(first.at))
    .max('last_at as at')
    .first();
  return row?.at ? fromSqlTime(row.at) : null;
}
