const LEAST_BITS = 6;
/** 2^32 divided by the golden ratio: spreads blocks of keys that follow one another. */
const SPREAD = 0x9e3779b1;
/** Keys of a block lie side by side: addresses are mostly read in their order, and 16 of them fill a cache line. */
const BLOCK_BITS = 4;
const BLOCK = (1 << BLOCK_BITS) - 1;

/**
 * Maps keys from 0 to 2^32 - 1 to numbers from 0 to 2^32 - 2, by open addressing. A Map takes several times the memory, and the garbage
 * collector walks through it.
 */
export class Uint32Map {
  #bits = LEAST_BITS;
  #keys = new Uint32Array(1 << LEAST_BITS);
  /** The number plus one; 0 where there is no key. */
  #numbers = new Uint32Array(1 << LEAST_BITS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): number | undefined {
    const number = this.#numbers[this.#indexOf(key)]!;
    return number === 0 ? undefined : number - 1;
  }

  has(key: number): boolean {
    return this.#numbers[this.#indexOf(key)] !== 0;
  }

  /** Makes room for so many keys at once, which costs less than to grow step by step. */
  reserve(size: number): void {
    let bits = this.#bits;
    while (size > (1 << bits) / 2) bits += 1;
    if (bits > this.#bits) this.#resize(bits);
  }

  set(key: number, number: number): void {
    const index = this.#indexOf(key);
    if (this.#numbers[index] === 0) {
      this.#keys[index] = key;
      this.#size += 1;
    }
    this.#numbers[index] = number + 1;
    if (this.#size > this.#numbers.length / 2) this.#resize(this.#bits + 1);
  }

  delete(key: number): void {
    let gap = this.#indexOf(key);
    if (this.#numbers[gap] === 0) return;
    this.#size -= 1;
    const mask = this.#numbers.length - 1;
    // A key that stands behind the gap only because this index was taken moves up
    for (let index = (gap + 1) & mask; this.#numbers[index] !== 0; index = (index + 1) & mask) {
      const home = this.#homeOf(this.#keys[index]!);
      if (((index - home) & mask) < ((index - gap) & mask)) continue;
      this.#keys[gap] = this.#keys[index]!;
      this.#numbers[gap] = this.#numbers[index]!;
      gap = index;
    }
    this.#numbers[gap] = 0;
  }

  /** Index of the key, or the free one that it would get. */
  #indexOf(key: number): number {
    const mask = this.#numbers.length - 1;
    let index = this.#homeOf(key);
    while (this.#numbers[index] !== 0 && this.#keys[index] !== key) index = (index + 1) & mask;
    return index;
  }

  #homeOf(key: number): number {
    const block = Math.imul(key >>> BLOCK_BITS, SPREAD) >>> (32 - this.#bits + BLOCK_BITS);
    return (block << BLOCK_BITS) | (key & BLOCK);
  }

  #resize(bits: number): void {
    const [keys, numbers] = [this.#keys, this.#numbers];
    this.#bits = bits;
    this.#keys = new Uint32Array(1 << this.#bits);
    this.#numbers = new Uint32Array(1 << this.#bits);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === 0) continue;
      const index = this.#indexOf(keys[i]!);
      this.#keys[index] = keys[i]!;
      this.#numbers[index] = numbers[i]!;
    }
  }
}
