/** Records begin at multiples of this. */
const GRAIN = 16;
/** Size of a buffer: 2^16 grains. No record is longer. */
const CHUNK_BITS = 16;
const CHUNK_GRAINS = 1 << CHUNK_BITS;
const NONE = 0xffffffff;

/**
 * Room for many records of bytes in a few large buffers, which the garbage collector need not look into. What is given back is
 * used again for records of about the same length. A record is named by a number of 32 bits.
 */
export class Arena {
  readonly #chunks: Buffer[] = [];
  /** Room that was given back, by its length in grains: the first piece; each holds the number of the next one in its first bytes. */
  readonly #free = new Map<number, number>();
  /** Where the last chunk is not used yet, in grains. */
  #end = 0;

  /** True if records of these lengths take the same room. */
  static fits(length: number, other: number): boolean {
    return grains(length) === grains(other);
  }

  /** The byte at which a record begins in the buffer that {@link chunk} returns. */
  static start(record: number): number {
    return (record & (CHUNK_GRAINS - 1)) * GRAIN;
  }

  /** The buffer that the record lies in. */
  chunk(record: number): Buffer {
    return this.#chunks[record >>> CHUNK_BITS]!;
  }

  /** Takes room for a record of so many bytes, at most 1 MiB. Its content is undefined. Returns its number. */
  take(length: number): number {
    const size = grains(length);
    const first = this.#free.get(size) ?? NONE;
    if (first === NONE) return this.#append(size);
    this.#free.set(size, this.chunk(first).readUInt32LE(Arena.start(first)));
    return first;
  }

  /** Gives the room of a record back. */
  release(record: number, length: number): void {
    const size = grains(length);
    this.chunk(record).writeUInt32LE(this.#free.get(size) ?? NONE, Arena.start(record));
    this.#free.set(size, record);
  }

  #append(size: number): number {
    const capacity = this.#chunks.length * CHUNK_GRAINS;
    if (this.#end + size > capacity) {
      if (this.#end < capacity) this.release(this.#end, (capacity - this.#end) * GRAIN);
      this.#end = capacity;
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_GRAINS * GRAIN));
    }
    const record = this.#end;
    this.#end += size;
    return record;
  }
}

function grains(length: number): number {
  return Math.ceil(length / GRAIN);
}
