import { type Answer, type Note, SHAPES } from '../ask/answer.js';
import { collect } from '../ask/ask.js';
import type { Output } from './outputs.js';
import type { TableColumn, TableLook } from './table.js';

/** An answer in one form. */
export interface Rendered {
  readonly pieces: Iterable<string> | AsyncIterable<string>;
  /** What people must be told beside it. */
  readonly notes: readonly Note[];
}

/**
 * Writes an answer in a form. JSON, NDJSON and CSV stream rows in flat memory; table and HTML need all rows at once.
 * `table` alone uses the look. Throws what reading the rows throws.
 */
export async function renderAnswer(answer: Answer, output: Output, look: TableLook): Promise<Rendered> {
  const { notes } = answer;
  const shape = SHAPES[answer.kind];
  switch (output) {
    case 'table':
      return await renderAsTable(answer, look);
    case 'html':
      return { pieces: await (await import('./page.js')).renderPage(answer), notes };
    case 'csv':
      return { pieces: (await import('./csv.js')).renderCsv(answer.rows, shape), notes };
    case 'json':
      return { pieces: (await import('./json.js')).renderJsonAnswer(answer), notes };
    case 'ndjson':
      return { pieces: (await import('./json.js')).renderNdjson(answer.rows, shape), notes };
  }
}

async function renderAsTable(answer: Answer, look: TableLook): Promise<Rendered> {
  const [{ renderTable, columnsLeftOut }, { columnsOf }] = await Promise.all([
    import('./table.js'),
    import('./columns.js'),
  ]);
  if (answer.isEmpty) return { pieces: [], notes: answer.notes };
  const rows = (await collect<object>(answer.rows)) as readonly never[];
  const { text, leftOut } = renderTable(rows, columnsOf(answer) as readonly TableColumn<never>[], look);
  return { pieces: [text], notes: [...answer.notes, ...columnsLeftOut(leftOut, look)] };
}
