import type { Knex } from 'knex';
import { fromSqlTime, type Micros, toSqlTime } from '../base/time.js';
import { boundsOf, type Span } from './span.js';

/** A row as every database gives it back. */
export type SqlRow = Readonly<Record<string, string | number | Buffer | null>>;

/** A DATETIME(6) that is never null. */
export function requiredTime(value: SqlRow[string] | undefined): Micros {
  return fromSqlTime(value as string);
}

/** A DATETIME(6) or null. */
export function optionalTime(value: SqlRow[string] | undefined): Micros | null {
  return typeof value === 'string' ? fromSqlTime(value) : null;
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
