import { styleText } from 'node:util';
import { visible } from '../../base/text.js';
import type { Note } from '../../report/ask/answer.js';
import { noteLine } from '../../report/render/note-line.js';
import { columnsLeftOut, renderTable, type TableColumn, type TableLook } from '../../report/render/table.js';

/** As much of an output stream as is used here. */
interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Width and colours of tables on a stream. Width: unlimited with `wide`, else COLUMNS, else that of the terminal, else
 * unlimited (a file or a pipe).
 */
export function tableLook(wide = false, stream: Output = process.stdout, env = process.env): TableLook {
  const width = wide ? Number.POSITIVE_INFINITY : (columnsOf(env) ?? (stream.columns || Number.POSITIVE_INFINITY));
  return hasColours(stream, env) ? { width, title: (text) => style('bold', text) } : { width };
}

/** Prints a table on stdout, and on stderr the names of columns that do not fit. */
export function printTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], wide = false): void {
  const look = tableLook(wide);
  const { text, leftOut } = renderTable(rows, columns, look);
  process.stdout.write(text);
  for (const note of columnsLeftOut(leftOut, look)) process.stderr.write(printableNote(note));
}

/** A note as a line for stderr, harmless to a terminal; coloured by severity where the stream takes colours. */
export function printableNote(note: Note, stream: Output = process.stderr, env = process.env): string {
  const line = visible(noteLine(note));
  if (note.severity === 'result' || !hasColours(stream, env)) return `${line}\n`;
  return `${style(COLOURS[note.severity], `${note.severity}:`)}${line.slice(note.severity.length + 1)}\n`;
}

const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' } as const;

/**
 * True if text for the stream may have colours: on a terminal, unless NO_COLOR is set (no-color.org) or TERM is `dumb`.
 * FORCE_COLOR overrides all that, as in Node: `0` and `false` mean never, anything else always.
 */
export function hasColours(stream: Output, env: NodeJS.ProcessEnv): boolean {
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR);
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { validateStream: false });
}

function columnsOf({ COLUMNS }: NodeJS.ProcessEnv): number | undefined {
  return COLUMNS !== undefined && /^[1-9]\d{0,8}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
}
