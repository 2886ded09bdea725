import { visible } from '../../base/text.js';
import { type AnyRows, type AnyShape, toPlain, toSnakeCase } from '../ask/shape.js';

/** Starts a formula in a spreadsheet; full-width forms do, too. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** CSV (RFC 4180) with a header line; null is an empty cell. A cell that a spreadsheet would calculate begins with `'`. */
export async function* renderCsv(rows: AnyRows, shape: AnyShape): AsyncGenerator<string> {
  yield `${Object.keys(shape).map(toSnakeCase).join(',')}\r\n`;
  for await (const row of rows) yield `${Object.values(toPlain(row, shape)).map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = visible(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
