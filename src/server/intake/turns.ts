/** Something that waits for its turn; the line itself links it to the one behind. */
export interface Waiter<Self> {
  behind?: Self | undefined;
}

/** Who takes turns, in their order. A linked list, for a Map from which the first is taken again and again looks through all that are gone. */
export class Turns<W extends Waiter<W>> {
  #first: W | undefined;
  #last: W | undefined;

  /** The one whose turn is next; undefined if nobody waits. */
  get first(): W | undefined {
    return this.#first;
  }

  /** Lines up one that does not wait here yet. */
  add(waiter: W): void {
    if (this.#last) this.#last.behind = waiter;
    else this.#first = waiter;
    this.#last = waiter;
  }

  /** Takes out the one whose turn it is. Somebody must wait. */
  take(): W {
    const first = this.#first!;
    this.#first = first.behind;
    if (this.#first) first.behind = undefined;
    else this.#last = undefined;
    return first;
  }
}
