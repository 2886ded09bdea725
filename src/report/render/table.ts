import { visible } from '../../base/text.js';
import type { Note } from '../ask/answer.js';
import { cut, widthOf } from './cell-width.js';

/** A column of a table for people. */
export interface TableColumn<Row> {
  readonly title: string;
  /** Null shows as `-`. */
  readonly cell: (row: Row) => string | null;
  /** The same in fewer characters, for a narrow table. */
  readonly short?: (row: Row) => string | null;
  /** Columns are left out in this order, lowest first, if the table is too wide; those without a number never are. */
  readonly leaves?: number;
  /** Cells may be cut to this width before any column is left out. */
  readonly shrinks?: number;
  /** False leaves the column out of this table from the start: it would say nothing. */
  readonly matters?: (rows: readonly Row[]) => boolean;
}

/** How a table may look. */
export interface TableLook {
  /** Most columns of the terminal that a line may take; Infinity for no limit. */
  readonly width: number;
  /** Styles the titles; they are plain without it. */
  readonly title?: (text: string) => string;
}

export interface Table {
  readonly text: string;
  /** Titles of the columns that did not fit. */
  readonly leftOut: readonly string[];
}

/** A column with its cells as they are printed, the title first. */
interface Drawn {
  readonly title: string;
  readonly leaves: number | undefined;
  readonly shrinks: number | undefined;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';
const NARROW_GAP = ' ';
/** Widest cell of a table of limited width; the middle of a longer one is cut. */
const CELL_WIDTH = 42;

/**
 * An aligned table with a header line. If lines are wider than the look allows: cells take their short form, long ones are
 * cut, columns are left out (and named in `leftOut`), the gaps shrink. If even that is too wide, each row becomes a block
 * of lines, a column a line, with nothing left out.
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], look: TableLook): Table {
  const { width } = look;
  const mattering = columns.filter((column) => column.matters?.(rows) ?? true);
  const limit = width === Number.POSITIVE_INFINITY ? width : CELL_WIDTH;
  const full = mattering.map((column) => draw(rows, column, column.cell, limit));
  if (lineWidth(full, GAP) <= width) return { text: print(full, GAP, look), leftOut: [] };
  const short = mattering.map((column) => draw(rows, column, column.short ?? column.cell, limit));
  const kept = leaveOut(shrink(short, width), width);
  const gap = [GAP, NARROW_GAP].find((one) => lineWidth(kept, one) <= width);
  if (gap === undefined) return { text: printBlocks(full, look), leftOut: [] };
  const leftOut = short.filter(({ title }) => !kept.some((column) => column.title === title));
  return { text: print(kept, gap, look), leftOut: leftOut.map(({ title }) => title) };
}

/** The note that names the columns that a table has no room for; none if it has them all. */
export function columnsLeftOut(leftOut: readonly string[], { width }: TableLook): Note[] {
  if (leftOut.length === 0) return [];
  const text = `not shown in ${width} characters: ${leftOut.join(', ')}; --wide shows all columns`;
  return [{ code: 'columns-left-out', severity: 'note', text }];
}

function draw<Row>(
  rows: readonly Row[],
  column: TableColumn<Row>,
  cell: (row: Row) => string | null,
  limit: number,
): Drawn {
  const cells = [column.title, ...rows.map((row) => cut(visible(cell(row) ?? '-'), limit))];
  return { title: column.title, leaves: column.leaves, shrinks: column.shrinks, cells, width: widest(cells) };
}

/** Cuts the cells of columns that may shrink, no more than the table needs. */
function shrink(drawn: readonly Drawn[], width: number): readonly Drawn[] {
  let excess = lineWidth(drawn, GAP) - width;
  return drawn.map((column) => {
    if (column.shrinks === undefined || excess <= 0) return column;
    const limit = Math.max(column.shrinks, column.width - excess);
    const cells = column.cells.map((text) => cut(text, limit));
    const shrunk = { ...column, cells, width: widest(cells) };
    excess -= column.width - shrunk.width;
    return shrunk;
  });
}

/** Leaves out columns until the rest fits, or no more may be left out. */
function leaveOut(drawn: readonly Drawn[], width: number): readonly Drawn[] {
  const [least] = drawn.filter((column) => column.leaves !== undefined).sort((a, b) => a.leaves! - b.leaves!);
  if (!least || lineWidth(drawn, GAP) <= width) return drawn;
  return leaveOut(
    drawn.filter((column) => column !== least),
    width,
  );
}

function print(drawn: readonly Drawn[], gap: string, { title = plain }: TableLook): string {
  const lines = drawn[0]!.cells.map((_, line) =>
    drawn
      .map(({ cells, width }) => pad(cells[line]!, width))
      .join(gap)
      .trimEnd(),
  );
  return `${[title(lines[0]!), ...lines.slice(1)].join('\n')}\n`;
}

function printBlocks(drawn: readonly Drawn[], { title = plain }: TableLook): string {
  const width = widest(drawn.map((column) => column.title));
  const blocks = drawn[0]!.cells
    .slice(1)
    .map((_, row) => drawn.map((column) => `${title(pad(column.title, width))}  ${column.cells[row + 1]!}\n`).join(''));
  return blocks.join('\n');
}

function plain(text: string): string {
  return text;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(width - widthOf(text));
}

function widest(cells: readonly string[]): number {
  return cells.reduce((most, text) => Math.max(most, widthOf(text)), 0);
}

function lineWidth(drawn: readonly Drawn[], gap: string): number {
  return drawn.reduce((sum, column) => sum + column.width, gap.length * (drawn.length - 1));
}
