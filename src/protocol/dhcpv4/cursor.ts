import { OptionValueError } from './errors.js';

/** Reads the bytes of an option from front to back. */
export class Cursor {
  readonly bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.bytes.length - this.#offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The next bytes, as a view. Throws OptionValueError if there are fewer. */
  take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.bytes.length)
      throw new OptionValueError(`Option value ends after ${this.left} of the ${length} bytes expected next`);
    const taken = this.bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  /** A new cursor over the next bytes, by default all that are left. This one skips them. */
  nested(length: number = this.left): Cursor {
    return new Cursor(this.take(length));
  }

  /** All that is left. */
  rest(): Buffer {
    return this.take(this.left);
  }
}
