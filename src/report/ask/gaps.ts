import type { Knex } from 'knex';
import type { Micros } from '../../base/time.js';
import { compareText } from '../../trail/sightings/rules.js';
import { optionalTime, type SqlRow, within } from './rows.js';
import type { Shape } from './shape.js';
import type { Span } from './span.js';
import { type Selected, selectTogether } from './together.js';
import { formatInZone } from './zone.js';

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

export const GAP_SHAPE: Shape<GapRow> = {
  server: 'text',
  kind: 'text',
  gapFrom: 'time',
  gapUntil: 'time',
  detail: 'text',
  queueUuid: 'text',
  sequence: 'number',
};

/** The gaps of every server that overlap the span, oldest first. */
export async function readGaps(db: Knex, span: Span): Promise<GapRow[]> {
  const { gap } = await selectTogether(db, { gap: gapSelection(span) });
  return toGapRows(gap);
}

/** Asks for them together with something else; see {@link toGapRows}. */
export function gapSelection(span: Span): Selected {
  const { sql, values } = within(span, { start: 'gap_from', end: 'gap_until', open: true });
  const names = ['server', 'kind', 'gap_from', 'gap_until', 'detail', 'queue_uuid', 'sequence'];
  return { columns: Object.fromEntries(names.map((name) => [name, name])), from: `FROM gaps WHERE ${sql}`, values };
}

/** What {@link gapSelection} found, oldest first. */
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

/** `between A and B UTC (dhcp-a: server-down)`. */
export function describeGap(gap: GapRow, zone: string): string {
  const why = `(${gap.server}: ${gap.kind})`;
  const { gapFrom: from, gapUntil: until } = gap;
  if (from !== null && from === until) return `at ${formatInZone(from, zone)} ${zone} ${why}`;
  if (until === null && from !== null) return `since ${formatInZone(from, zone)} ${zone}, end not known ${why}`;
  const start = from === null ? 'an unknown time' : formatInZone(from, zone);
  const end = until === null ? 'an unknown time' : formatInZone(until, zone);
  return `between ${start} and ${end} ${zone} ${why}`;
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
