/**
 * The free slots of a pool in the order in which they became free: take from the front for the least recently used. Every
 * operation is O(1) however full the pool is. Slots are 0 to size - 1; 8 bytes a slot.
 */
export class FreeList {
  /** Neighbours of each slot; index size is the list's head. A slot that is not free is its own neighbour. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #head: number;
  #length = 0;

  /** An empty list: no slot is free. */
  constructor(size: number) {
    this.#next = new Int32Array(size + 1);
    for (let slot = 0; slot <= size; slot++) this.#next[slot] = slot;
    this.#previous = this.#next.slice();
    this.#head = size;
  }

  /** Number of free slots. */
  get length(): number {
    return this.#length;
  }

  has(slot: number): boolean {
    return this.#next[slot] !== slot;
  }

  /** The slot that has been free for the longest time, undefined if none is free. */
  first(): number | undefined {
    const slot = this.#next[this.#head]!;
    return slot === this.#head ? undefined : slot;
  }

  /** The free slots, longest free first. A slot that was yielded may be removed during the iteration. */
  *slots(): Generator<number> {
    for (let slot = this.#next[this.#head]!; slot !== this.#head; ) {
      const next = this.#next[slot]!;
      yield slot;
      slot = next;
    }
  }

  /** Makes the slot free, as the most recently used one. Nothing happens if it is free already. */
  push(slot: number): void {
    if (this.has(slot)) return;
    const last = this.#previous[this.#head]!;
    this.#link(last, slot);
    this.#link(slot, this.#head);
    this.#length += 1;
  }

  /** Takes the slot out. Nothing happens if it is not free. */
  remove(slot: number): void {
    if (!this.has(slot)) return;
    this.#link(this.#previous[slot]!, this.#next[slot]!);
    this.#link(slot, slot);
    this.#length -= 1;
  }

  #link(before: number, after: number): void {
    this.#next[before] = after;
    this.#previous[after] = before;
  }
}
