import { type Cells, type ColumnKind, toPlain } from '../ask/shape.js';

/**
 * A JSON array of one object per row, one row per line. Everything but printable ASCII is written as `\uXXXX`, which
 * says the same to a program and nothing to a terminal.
 */
export function* renderJson(rows: Iterable<Cells>, shape: Readonly<Record<string, ColumnKind>>): Generator<string> {
  let before = '[\n';
  for (const row of rows) {
    const plain = Object.fromEntries(Object.entries(shape).map(([field, kind]) => [field, toPlain(row[field]!, kind)]));
    yield before + escapeNonAscii(JSON.stringify(plain));
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

function escapeNonAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
