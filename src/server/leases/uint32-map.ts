const LEAST_BITS = 6;
/** 2^32 divided by the golden ratio: spreads blocks of keys that follow one another. */
const SPREAD = 0x9e3779b1;
/** Keys of a block lie side by side: addresses are mostly asked for in their order, and so many fit into a line of the processor's cache. */
const BLOCK_BITS = 4;
const BLOCK = (1 << BLOCK_BITS) - 1;

/**
 * A number from 0 to 2^32 - 2 for each of many keys from 0 to 2^32 - 1. A Map takes several times the memory, and the garbage collector
 * walks through it.
 */
export class Uint32Map {
  #bits = LEAST_BITS;
  #keys = new Uint32Array(1 << LEAST_BITS);
  /** One more than the number; 0: nothing is here. */
  #numbers = new Uint32Array(1 << LEAST_BITS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): number | undefined {
    const number = this.#numbers[this.#placeOf(key)]!;
    return number === 0 ? undefined : number - 1;
  }

  has(key: number): boolean {
    return this.#numbers[this.#placeOf(key)] !== 0;
  }

  /** Makes room for so many keys at once, which costs less than to grow step by step. */
  reserve(size: number): void {
    let bits = this.#bits;
    while (size > (1 << bits) / 2) bits += 1;
    if (bits > this.#bits) this.#resize(bits);
  }

  set(key: number, number: number): void {
    const place = this.#placeOf(key);
    if (this.#numbers[place] === 0) {
      this.#keys[place] = key;
      this.#size += 1;
    }
    this.#numbers[place] = number + 1;
    if (this.#size > this.#numbers.length / 2) this.#resize(this.#bits + 1);
  }

  delete(key: number): void {
    let gap = this.#placeOf(key);
    if (this.#numbers[gap] === 0) return;
    this.#size -= 1;
    const mask = this.#numbers.length - 1;
    // Whoever stands behind the gap, and was put there because this place was taken, moves up
    for (let place = (gap + 1) & mask; this.#numbers[place] !== 0; place = (place + 1) & mask) {
      const home = this.#homeOf(this.#keys[place]!);
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      this.#keys[gap] = this.#keys[place]!;
      this.#numbers[gap] = this.#numbers[place]!;
      gap = place;
    }
    this.#numbers[gap] = 0;
  }

  /** Where the key is, or would be put. */
  #placeOf(key: number): number {
    const mask = this.#numbers.length - 1;
    let place = this.#homeOf(key);
    while (this.#numbers[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & mask;
    return place;
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
      const place = this.#placeOf(keys[i]!);
      this.#keys[place] = keys[i]!;
      this.#numbers[place] = numbers[i]!;
    }
  }
}
