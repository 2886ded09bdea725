import { visible } from '../../base/visible.js';

/** A column of a table for people. */
export interface TableColumn<Row> {
  readonly title: string;
  /** Null shows as `-`. */
  readonly cell: (row: Row) => string | null;
  /** Says the same in fewer characters, for a narrow table. */
  readonly short?: (row: Row) => string | null;
  /** Columns leave in this order, lowest first, when the table is too wide; those without a number never do. */
  readonly leaves?: number;
  /** Cells may be cut to so many characters before any column leaves. */
  readonly shrinks?: number;
  /** Its cells are not cut where lines may have any length. */
  readonly whole?: boolean;
  /** False leaves the column out of this table from the start. */
  readonly matters?: (rows: readonly Row[]) => boolean;
}

/** A column with its cells as they are drawn, the title first. */
interface Drawn {
  readonly leaves: number | undefined;
  readonly shrinks: number | undefined;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';
const NARROW_GAP = ' ';
/** Longest cell; the middle of a longer one is left out. JSON and CSV have it whole. */
const CELL_WIDTH = 42;

/**
 * An aligned table, its header line first. Where it has more than `width` characters a line, cells take their short
 * form, then those of columns that may shrink are cut, then columns leave, then the gaps between them shrink; what is still too wide stays so.
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width: number): string {
  const mattering = columns.filter((column) => column.matters?.(rows) ?? true);
  const limit = (column: TableColumn<Row>): number =>
    column.whole && width === Number.POSITIVE_INFINITY ? width : CELL_WIDTH;
  const full = mattering.map((column) => draw(rows, column, column.cell, limit(column)));
  if (widthOf(full, GAP) <= width) return print(full, GAP);
  const short = mattering.map((column) => draw(rows, column, column.short ?? column.cell, limit(column)));
  const kept = withoutLeaving(shrink(short, width), width);
  return print(kept, widthOf(kept, GAP) <= width ? GAP : NARROW_GAP);
}

function draw<Row>(
  rows: readonly Row[],
  column: TableColumn<Row>,
  cell: (row: Row) => string | null,
  limit: number,
): Drawn {
  const cells = [column.title, ...rows.map((row) => shorten(visible(cell(row) ?? '-'), limit))];
  return { leaves: column.leaves, shrinks: column.shrinks, cells, width: widest(cells) };
}

/** Cuts the cells of columns that may shrink, no more than the table needs. */
function shrink(drawn: readonly Drawn[], width: number): readonly Drawn[] {
  let excess = widthOf(drawn, GAP) - width;
  return drawn.map((column) => {
    if (column.shrinks === undefined || excess <= 0) return column;
    const limit = Math.max(column.shrinks, column.width - excess);
    const cells = column.cells.map((text) => shorten(text, limit));
    const cut = { ...column, cells, width: widest(cells) };
    excess -= column.width - cut.width;
    return cut;
  });
}

function widest(cells: readonly string[]): number {
  return cells.reduce((most, text) => Math.max(most, lengthOf(text)), 0);
}

function withoutLeaving(drawn: readonly Drawn[], width: number): readonly Drawn[] {
  const [leaving] = drawn.filter((column) => column.leaves !== undefined).sort((a, b) => a.leaves! - b.leaves!);
  if (!leaving || widthOf(drawn, GAP) <= width) return drawn;
  return withoutLeaving(
    drawn.filter((column) => column !== leaving),
    width,
  );
}

function widthOf(drawn: readonly Drawn[], gap: string): number {
  return drawn.reduce((sum, column) => sum + column.width, gap.length * (drawn.length - 1));
}

function print(drawn: readonly Drawn[], gap: string): string {
  const lines = drawn[0]!.cells.map((_, line) =>
    drawn
      .map(({ cells, width }) => cells[line]! + ' '.repeat(width - lengthOf(cells[line]!)))
      .join(gap)
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function shorten(text: string, limit: number): string {
  const characters = [...text];
  if (characters.length <= limit) return text;
  const tail = Math.floor(limit / 4);
  return `${characters.slice(0, limit - tail - 3).join('')}...${characters.slice(-tail).join('')}`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
