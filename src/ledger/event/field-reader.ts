import { EventEncodingError } from './errors.js';
import { NULL_LENGTH } from './layout.js';

/** The text of each field that was read last. Kind, server or evidence mostly repeat, and comparing is faster than decoding. */
const lastTexts = new Map<string, string>();

/** Reads the fields of an encoded event one after the other: each a 2-byte length (0xffff = null) and its bytes. */
export class FieldReader {
  readonly #bytes: Buffer;
  /** Where the current field begins, after its length, and where it ends. */
  #start = 0;
  #end: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#end = offset;
  }

  /** Where the next field begins. */
  get offset(): number {
    return this.#end;
  }

  /** A view of the next `length` bytes, which have no length in front. */
  raw(length: number): Buffer {
    const start = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) throw new EventEncodingError(`Event encoding ends ${length} bytes too early`);
    return this.#bytes.subarray(start, this.#end);
  }

  /** A field of UTF-8. */
  text(name: string): string | null {
    if (!this.#next(name)) return null;
    const last = lastTexts.get(name);
    if (last !== undefined && this.#isAscii(last)) return last;
    const text = this.#bytes.toString('utf8', this.#start, this.#end);
    lastTexts.set(name, text);
    return text;
  }

  /** A field of bytes: a view of them. */
  bytes(name: string): Uint8Array | null {
    return this.#next(name) ? this.#bytes.subarray(this.#start, this.#end) : null;
  }

  /** A field of 8 bytes that hold a number. */
  uint(name: string): number | null {
    if (!this.#next(name)) return null;
    if (this.#end - this.#start !== 8)
      throw new EventEncodingError(`An event number has ${this.#end - this.#start} bytes instead of 8`);
    return readUint(this.#bytes, this.#start);
  }

  /** Moves to the next field; false if it is null. */
  #next(name: string): boolean {
    const bytes = this.#bytes;
    const start = this.#end + 2;
    if (start > bytes.length) throw new EventEncodingError(`Event encoding ends before ${name}`);
    const length = (bytes[start - 2]! << 8) | bytes[start - 1]!;
    this.#start = start;
    this.#end = length === NULL_LENGTH ? start : start + length;
    if (this.#end > bytes.length) throw new EventEncodingError(`Event encoding ends within ${name}`);
    return length !== NULL_LENGTH;
  }

  /** True if the field is this text, and ASCII. */
  #isAscii(text: string): boolean {
    if (text.length !== this.#end - this.#start) return false;
    for (let i = 0; i < text.length; i++) {
      const byte = this.#bytes[this.#start + i]!;
      if (byte > 0x7f || byte !== text.charCodeAt(i)) return false;
    }
    return true;
  }
}

/** An integer of 8 bytes, big-endian. The numbers of events are exact in a double. */
export function readUint(bytes: Buffer, offset: number): number {
  const high = ((bytes[offset + 1]! * 256 + bytes[offset + 2]!) * 256 + bytes[offset + 3]!) | (bytes[offset]! << 24);
  const low = ((bytes[offset + 5]! * 256 + bytes[offset + 6]!) * 256 + bytes[offset + 7]!) | (bytes[offset + 4]! << 24);
  return (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
}
