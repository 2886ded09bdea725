import { type Micros, toSqlTime } from '../../../base/time.js';
import type { Value } from '../event-rows.js';

/** The time a question is about: all of it, one moment written as [at, until), or [from, to) with null for an open side. */
export type Span =
  | { readonly kind: 'all' }
  | { readonly kind: 'at'; readonly at: Micros; readonly until: Micros }
  | { readonly kind: 'between'; readonly from: Micros | null; readonly to: Micros | null };

/** SQL of this program (never input) and its values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** A stretch of time in a row: the SQL of its start and of its end. */
export interface Stretch {
  readonly start: string;
  readonly end: string;
  /** True if null stands for an unknown start or end: such a stretch has no bound there. */
  readonly open: boolean;
}

/** The span as [from, to), null where it is open. */
export function boundsOf(span: Span): { from: Micros | null; to: Micros | null } {
  if (span.kind === 'all') return { from: null, to: null };
  return span.kind === 'at' ? { from: span.at, to: span.until } : { from: span.from, to: span.to };
}

/**
 * True for rows whose stretch [start, end) overlaps the span. A stretch without length covers no moment, but lies in a
 * span that contains its start.
 */
export function overlaps(span: Span, { start, end, open }: Stretch): Condition {
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
