import type { Knex } from 'knex';
import { toSqlTime } from '../base/time.js';
import { uuidBytes } from '../event/encoding.js';
import type { Value } from './event-rows.js';
import type { Gap } from './gaps.js';
import { upsertRows } from './sql.js';

const GAP_COLUMNS = ['queue_uuid', 'sequence', 'kind', 'server', 'gap_from', 'gap_until', 'detail'];

/** Writes gaps; one that is there already stays one. */
export async function writeGaps(db: Knex, gaps: readonly Gap[]): Promise<void> {
  const rows = gaps.map((gap): Value[] => [
    uuidBytes(gap.queue),
    gap.sequence,
    gap.kind,
    gap.server,
    gap.from === null ? null : toSqlTime(gap.from),
    gap.until === null ? null : toSqlTime(gap.until),
    gap.detail,
  ]);
  await upsertRows(db, 'gaps', GAP_COLUMNS, 3, rows);
}
