import { toHex } from '../../base/bytes.js';
import { type Micros, toIsoTime } from '../../base/time.js';

/** What a column of a report holds. */
export type ColumnKind = 'text' | 'number' | 'bytes' | 'time';
export type Cell = string | number | Uint8Array | null;

/** The columns of a report in order: field to what it holds. Field names are the JSON keys; CSV has them in snake_case. */
export type Shape<Row> = Readonly<Record<keyof Row & string, ColumnKind>>;

/** A row of a report, as far as its output knows. */
export type Cells = Readonly<Record<string, Cell>>;

/** The value as JSON and CSV write it: bytes as `0x` + hex, times as ISO 8601 with Z. */
export function toPlain(cell: Cell, kind: ColumnKind): string | number | null {
  if (cell === null) return null;
  if (kind === 'bytes') return toHex(cell as Uint8Array);
  return kind === 'time' ? toIsoTime(cell as Micros) : (cell as string | number);
}

/** `firstSeen` as `first_seen`. */
export function toSnakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
