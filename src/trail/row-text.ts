import type { Value } from './event-rows.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
/** Bytes that stand behind a backslash: those that end a field or a line, the backslash itself, and NUL (written as `0`). */
const ESCAPES = new Uint8Array(256);
for (const byte of [TAB, NEWLINE, BACKSLASH]) ESCAPES[byte] = byte;
ESCAPES[0] = 0x30;
/** Longest text of a number: a sign, 16 digits. */
const NUMBER_LENGTH = 24;
/** Bytes of one piece, unless one row alone is longer. */
const PIECE = 256 * 1024;

/**
 * Writes rows as LOAD DATA reads them by default: fields end with a tab, rows with a newline, null is `\N`. Texts are UTF-8, bytes stand
 * as they are (the statement must say CHARACTER SET binary).
 */
export class RowText {
  #bytes = Buffer.allocUnsafe(2 * PIECE);
  #length = 0;

  /** The rows in pieces of some 100 KiB. */
  *pieces(rows: Iterable<readonly Value[]>): Generator<Buffer> {
    for (const row of rows) {
      this.#row(row);
      if (this.#length >= PIECE) yield this.#take();
    }
    if (this.#length > 0) yield this.#take();
  }

  #take(): Buffer {
    const piece = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(2 * PIECE);
    this.#length = 0;
    return piece;
  }

  #row(row: readonly Value[]): void {
    for (let i = 0; i < row.length; i++) {
      if (i > 0) this.#bytes[this.#length++] = TAB;
      this.#field(row[i]!);
    }
    this.#bytes[this.#length++] = NEWLINE;
  }

  /** Always leaves room for what ends the field. */
  #field(value: Value): void {
    if (value === null) {
      this.#reserve(2);
      this.#bytes[this.#length++] = BACKSLASH;
      this.#bytes[this.#length++] = 0x4e;
    } else if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'number') this.#text(String(value));
    else this.#raw(value);
  }

  #text(text: string): void {
    this.#reserve(2 * text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#raw(Buffer.from(text.slice(i), 'utf8'));
        return;
      }
      this.#byte(code);
    }
  }

  #raw(bytes: Buffer): void {
    this.#reserve(2 * bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#byte(bytes[i]!);
  }

  #byte(byte: number): void {
    const escaped = ESCAPES[byte]!;
    if (escaped !== 0) this.#bytes[this.#length++] = BACKSLASH;
    this.#bytes[this.#length++] = escaped === 0 ? byte : escaped;
  }

  #reserve(length: number): void {
    if (this.#length + length + NUMBER_LENGTH <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
