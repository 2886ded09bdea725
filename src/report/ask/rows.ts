import { messageOf } from '../../base/errors.js';
import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { DamagedTrailError } from '../../trail/store/errors.js';
import type { Value } from '../../trail/store/event-rows.js';
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

/** SQL of this program with the values in it. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/**
 * True for rows whose stretch [start, end) overlaps the span. A stretch without length is at no moment, but lies in the
 * span that contains its start.
 */
export function within(span: Span, { start, end, open }: Stretch): Condition {
  const orNull = (sql: string): string => (open ? ` OR ${sql} IS NULL` : '');
  if (span.kind === 'at' && span.until === span.at + 1) {
    const at = toSqlTime(span.at);
    return { sql: `(${start} <= ?${orNull(start)}) AND (${end} > ?${orNull(end)})`, values: [at, at] };
  }
  const { from, to } = boundsOf(span);
  const before = to === null ? [] : [toSqlTime(to)];
  const after = from === null ? [] : [toSqlTime(from), toSqlTime(from)];
  const conditions = [
    ...before.map(() => `(${start} < ?${orNull(start)})`),
    ...(from === null ? [] : [`(${end} > ? OR ${start} >= ?${orNull(end)})`]),
  ];
  return { sql: conditions.join(' AND ') || '1 = 1', values: [...before, ...after] };
}
