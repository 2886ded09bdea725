import { visible } from './visible.js';

/** A column of a table for people. */
export interface TableColumn<Row> {
  readonly title: string;
  /** Null shows as `-`. */
  readonly cell: (row: Row) => string | null;
  /** Columns leave in this order, lowest first, when the table is too wide; those without a number never do. */
  readonly leaves?: number;
  /** False leaves the column out of this table from the start. */
  readonly matters?: (rows: readonly Row[]) => boolean;
}

const GAP = '  ';
/** Longest cell; the middle of a longer one is left out. JSON and CSV have it whole. */
const CELL_WIDTH = 42;
const TAIL = 10;

/** An aligned table, its header line first. Drops columns until it fits `width` characters or only indispensable ones are left. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width: number): string {
  const drawn = columns
    .filter((column) => column.matters?.(rows) ?? true)
    .map((column) => {
      const cells = [column.title, ...rows.map((row) => shorten(visible(column.cell(row) ?? '-')))];
      return { leaves: column.leaves, cells, width: Math.max(...cells.map(lengthOf)) };
    });
  const kept = fitting(drawn, width);
  const lines = [undefined, ...rows].map((_, line) =>
    kept
      .map(({ cells, width }) => cells[line]! + ' '.repeat(width - lengthOf(cells[line]!)))
      .join(GAP)
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function fitting<Drawn extends { leaves: number | undefined; width: number }>(drawn: Drawn[], width: number): Drawn[] {
  const total = drawn.reduce((sum, column) => sum + column.width, GAP.length * (drawn.length - 1));
  const leaving = drawn.filter((column) => column.leaves !== undefined).sort((a, b) => a.leaves! - b.leaves!)[0];
  if (total <= width || !leaving) return drawn;
  return fitting(
    drawn.filter((column) => column !== leaving),
    width,
  );
}

function shorten(text: string): string {
  const characters = [...text];
  if (characters.length <= CELL_WIDTH) return text;
  return `${characters.slice(0, CELL_WIDTH - TAIL - 3).join('')}...${characters.slice(-TAIL).join('')}`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
