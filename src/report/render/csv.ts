import { visible } from '../../base/visible.js';
import { type Cells, type ColumnKind, toPlain, toSnakeCase } from '../ask/shape.js';

/** What a spreadsheet takes for the start of a formula, full-width forms included. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** CSV (RFC 4180) with a header line; null is an empty cell. A cell that a spreadsheet would calculate gets a `'` in front. */
export function* renderCsv(rows: Iterable<Cells>, shape: Readonly<Record<string, ColumnKind>>): Generator<string> {
  yield `${Object.keys(shape).map(toSnakeCase).join(',')}\r\n`;
  for (const row of rows) {
    const cells = Object.entries(shape).map(([field, kind]) => csvCell(toPlain(row[field]!, kind)));
    yield `${cells.join(',')}\r\n`;
  }
}

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = visible(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
