import type { Micros } from '../../../base/time.js';
import { uuidText } from '../../../ledger/event/encoding.js';
import { compareText } from '../../sightings/rules.js';
import type { TrailConnection } from '../database.js';
import { optionalTime, type SqlRow } from './row-times.js';
import { type Selected, selectTogether } from './select-together.js';
import { overlaps, type Span } from './span.js';

/** A span in which a server can prove nothing, with the columns of table `gaps`. */
export interface GapRow {
  readonly server: string;
  readonly kind: string;
  /** Null: not known. */
  readonly gapFrom: Micros | null;
  /** Null: not known, or not over. */
  readonly gapUntil: Micros | null;
  readonly detail: string | null;
  readonly queueUuid: string;
  readonly sequence: number;
}

/** The gaps of all servers that overlap the span, oldest first. Throws DamagedTrailError. */
export async function readGaps(db: TrailConnection, span: Span): Promise<GapRow[]> {
  const { gap } = await selectTogether(db, { gap: gapsInSpan(span) });
  return toGapRows(gap);
}

/** Selects the gaps that overlap the span, for {@link toGapRows}. */
export function gapsInSpan(span: Span): Selected {
  const { sql, values } = overlaps(span, { start: 'gap_from', end: 'gap_until', open: true });
  const names = ['server', 'kind', 'gap_from', 'gap_until', 'detail', 'queue_uuid', 'sequence'];
  return { columns: Object.fromEntries(names.map((name) => [name, name])), from: `FROM gaps WHERE ${sql}`, values };
}

/** The rows of {@link gapsInSpan}, oldest first. */
export function toGapRows(rows: readonly SqlRow[]): GapRow[] {
  const gaps = rows.map((row) => ({
    server: row.server as string,
    kind: row.kind as string,
    gapFrom: optionalTime(row.gap_from),
    gapUntil: optionalTime(row.gap_until),
    detail: row.detail as string | null,
    queueUuid: uuidText(row.queue_uuid as Buffer),
    sequence: Number(row.sequence),
  }));
  return gaps.sort(
    (a, b) =>
      (a.gapFrom ?? 0) - (b.gapFrom ?? 0) ||
      compareText(a.queueUuid, b.queueUuid) ||
      a.sequence - b.sequence ||
      compareText(a.kind, b.kind),
  );
}
