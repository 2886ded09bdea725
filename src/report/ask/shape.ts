import { toHex } from '../../base/text.js';
import { type Micros, toIsoTime } from '../../base/time.js';

/** What a column of a report holds. */
export type ColumnKind = 'text' | 'number' | 'bytes' | 'time';
type Cell = string | number | Uint8Array | null;

/** The columns of a report in order, each with what it holds. Names are the keys of JSON; CSV has them in snake_case. */
export type Shape<Row> = Readonly<Record<keyof Row & string, ColumnKind>>;

/** The columns of rows whose type is not known. */
export type AnyShape = Readonly<Record<string, ColumnKind>>;

/** Rows of any type; the shape says which columns they have. */
export type AnyRows = Iterable<object> | AsyncIterable<object>;

/** A row as JSON and CSV write it, in the order of the shape: bytes as `0x` + hex, times as ISO 8601 with Z. */
export function toPlain(row: object, shape: AnyShape): Record<string, string | number | null> {
  const cells = row as Record<string, Cell>;
  return Object.fromEntries(Object.entries(shape).map(([field, kind]) => [field, plainCell(cells[field]!, kind)]));
}

/** `firstSeen` as `first_seen`. */
export function toSnakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function plainCell(cell: Cell, kind: ColumnKind): string | number | null {
  if (cell === null) return null;
  if (kind === 'bytes') return toHex(cell as Uint8Array);
  return kind === 'time' ? toIsoTime(cell as Micros) : (cell as string | number);
}
