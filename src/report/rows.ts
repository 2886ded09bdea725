import type { Knex } from 'knex';
import { messageOf } from '../base/errors.js';
import { fromSqlTime, type Micros, toSqlTime } from '../base/time.js';
import { DamagedTrailError } from '../trail/errors.js';
import { boundsOf, type Span } from './span.js';

/** A row as every database gives it back. */
export type SqlRow = Readonly<Record<string, string | number | Buffer | null>>;

/** A DATETIME(6) that is never null. Throws DamagedTrailError. */
export function requiredTime(value: SqlRow[string] | undefined): Micros {
  try {
    return fromSqlTime(String(value));
  } catch (error) {
    throw new DamagedTrailError(`The trail is damaged: ${messageOf(error)}`, {
      hint: 'somebody changed it: portledger verify says what',
      cause: error,
    });
  }
}

/** A DATETIME(6) or null. Throws DamagedTrailError. */
export function optionalTime(value: SqlRow[string] | undefined): Micros | null {
  return value === null || value === undefined ? null : requiredTime(value);
}

/** A stretch of time in a row: the SQL (of this program, never input) of its start and of its end. */
export interface Stretch {
  readonly start: string;
  readonly end: string;
  /** True if null stands for an unknown start or end: the stretch then has no bound there. */
  readonly open: boolean;
}

/**
 * Keeps the rows whose stretch [start, end) overlaps the span. A stretch without length is at no moment, but lies in the
 * span that contains its start.
 */
export function keepWithin(query: Knex.QueryBuilder, span: Span, { start, end, open }: Stretch): void {
  const orNull = (sql: string): string => (open ? ` OR ${sql} IS NULL` : '');
  if (span.kind === 'at' && span.until === span.at + 1) {
    const at = toSqlTime(span.at);
    query.whereRaw(`(${start} <= ?${orNull(start)})`, [at]).whereRaw(`(${end} > ?${orNull(end)})`, [at]);
  } else {
    const { from, to } = boundsOf(span);
    if (to !== null) query.whereRaw(`(${start} < ?${orNull(start)})`, [toSqlTime(to)]);
    if (from !== null)
      query.whereRaw(`(${end} > ? OR ${start} >= ?${orNull(end)})`, [toSqlTime(from), toSqlTime(from)]);
  }
}
