import { escapeBytes } from '../../base/text.js';
import { MICROS_PER_SECOND, type Micros, toSqlTime } from '../../base/time.js';
import type { Value } from './event-rows.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LAST_PRINTABLE = 0x7e;
/** Bytes that are written with a backslash: those that end a field or a row, the backslash itself, and NUL (as `0`). */
const ESCAPES = new Uint8Array(256);
for (const byte of [TAB, NEWLINE, BACKSLASH]) ESCAPES[byte] = byte;
ESCAPES[0] = ZERO;
const HEX_DIGITS = Buffer.from('0123456789abcdef');
/** Longest text of a number or a time, and what ends a field and a row. */
const SHORT = 32;
/** Bytes of one piece, unless one row alone is longer. */
const PIECE = 256 * 1024;
const SECONDS_PER_DAY = 86_400;

/**
 * Rows in the default format of LOAD DATA, written field by field: fields end with a tab, rows with a newline, null is `\N`. Any field
 * may be null. Text is UTF-8, bytes are written as they are (the statement must say CHARACTER SET binary).
 */
export class RowText {
  #bytes = Buffer.allocUnsafe(2 * PIECE);
  #length = 0;
  /** The last date written, and its day since 1970: consecutive times are mostly of one day. */
  #day = Number.NaN;
  #date = '';

  /** Rows in pieces of some 250 KiB, each row written by `write`. */
  static *pieces<Row>(rows: Iterable<Row>, write: (text: RowText, row: Row) => void): Generator<Buffer> {
    const text = new RowText();
    for (const row of rows) {
      write(text, row);
      text.#endRow();
      if (text.#length >= PIECE) yield text.#take();
    }
    if (text.#length > 0) yield text.#take();
  }

  /** A field of whatever a column may hold. */
  value(value: Value): void {
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.text(String(value));
    else this.bytes(value);
  }

  /** A field that is null. */
  null(): void {
    this.#reserve(0);
    this.#bytes[this.#length++] = BACKSLASH;
    this.#bytes[this.#length++] = 0x4e;
    this.#bytes[this.#length++] = TAB;
  }

  /** A field of text. */
  text(text: string | null): void {
    if (text === null) {
      this.null();
      return;
    }
    this.#reserve(2 * text.length);
    const begin = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > LAST_PRINTABLE) {
        this.#length = begin;
        this.bytes(Buffer.from(text, 'utf8'));
        return;
      }
      this.#byte(code);
    }
    this.#bytes[this.#length++] = TAB;
  }

  /** A field of the bytes from `start` to before `end`, as they are. */
  bytes(source: Uint8Array | null, start = 0, end = source?.length ?? 0): void {
    if (source === null) {
      this.null();
      return;
    }
    this.#reserve(2 * (end - start));
    for (let i = start; i < end; i++) this.#byte(source[i]!);
    this.#bytes[this.#length++] = TAB;
  }

  /** A field of the text that `escapeBytes` makes of these bytes. */
  escaped(source: Uint8Array | null, start = 0, end = source?.length ?? 0): void {
    if (source === null) {
      this.null();
      return;
    }
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      if (byte < SPACE || byte > LAST_PRINTABLE || byte === BACKSLASH) {
        this.text(escapeBytes(source.subarray(start, end)));
        return;
      }
    }
    this.bytes(source, start, end);
  }

  /** A field of the text that `formatHardwareAddress` makes of these bytes. */
  mac(source: Uint8Array | null, start = 0, end = source?.length ?? 0): void {
    if (source === null) {
      this.null();
      return;
    }
    this.#reserve(3 * (end - start));
    for (let i = start; i < end; i++) {
      if (i > start) this.#bytes[this.#length++] = COLON;
      this.#bytes[this.#length++] = HEX_DIGITS[source[i]! >> 4]!;
      this.#bytes[this.#length++] = HEX_DIGITS[source[i]! & 15]!;
    }
    this.#bytes[this.#length++] = TAB;
  }

  /** A field of a whole number that is not negative. */
  number(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#reserve(0);
    let count = 1;
    for (let limit = 10; value >= limit; limit *= 10) count++;
    this.#digits(value, count);
    this.#bytes[this.#length++] = TAB;
  }

  /** A field of the text that `toSqlTime` makes of the time. */
  time(at: Micros | null): void {
    if (at === null) {
      this.null();
      return;
    }
    this.#reserve(0);
    const second = Math.floor(at / MICROS_PER_SECOND);
    const day = Math.floor(second / SECONDS_PER_DAY);
    if (day !== this.#day) [this.#day, this.#date] = [day, toSqlTime(at).slice(0, 11)];
    for (let i = 0; i < this.#date.length; i++) this.#bytes[this.#length++] = this.#date.charCodeAt(i);
    const rest = second - day * SECONDS_PER_DAY;
    this.#digits(Math.floor(rest / 3600), 2);
    this.#bytes[this.#length++] = COLON;
    this.#digits(Math.floor(rest / 60) % 60, 2);
    this.#bytes[this.#length++] = COLON;
    this.#digits(rest % 60, 2);
    this.#bytes[this.#length++] = DOT;
    this.#digits(at - second * MICROS_PER_SECOND, 6);
    this.#bytes[this.#length++] = TAB;
  }

  /** The last so many digits of a number. */
  #digits(value: number, count: number): void {
    let rest = value;
    for (let i = this.#length + count - 1; i >= this.#length; i--) {
      const tens = Math.floor(rest / 10);
      this.#bytes[i] = ZERO + (rest - 10 * tens);
      rest = tens;
    }
    this.#length += count;
  }

  #byte(byte: number): void {
    const escaped = ESCAPES[byte]!;
    if (escaped !== 0) this.#bytes[this.#length++] = BACKSLASH;
    this.#bytes[this.#length++] = escaped === 0 ? byte : escaped;
  }

  /** In place of the tab behind the last field. */
  #endRow(): void {
    this.#bytes[this.#length - 1] = NEWLINE;
  }

  #take(): Buffer {
    const piece = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(2 * PIECE);
    this.#length = 0;
    return piece;
  }

  /** Makes room for so many bytes and something short. */
  #reserve(length: number): void {
    if (this.#length + length + SHORT <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Writes a row of values. */
export function writeValues(text: RowText, row: readonly Value[]): void {
  for (const value of row) text.value(value);
}
