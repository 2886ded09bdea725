/** An element of a {@link RoundRobin}, which links it to the next one. */
export interface RoundRobinElement<Self> {
  next?: Self | undefined;
}

/**
 * Elements in the order in which they are served. A linked list: taking the first entry of a Map over and over scans all that were
 * deleted before it.
 */
export class RoundRobin<E extends RoundRobinElement<E>> {
  #first: E | undefined;
  #last: E | undefined;

  /** The element that is served next; undefined if there is none. */
  get first(): E | undefined {
    return this.#first;
  }

  /** Appends an element that is not in here. */
  add(element: E): void {
    if (this.#last) this.#last.next = element;
    else this.#first = element;
    this.#last = element;
  }

  /** Removes and returns the first element. There must be one. */
  take(): E {
    const first = this.#first!;
    this.#first = first.next;
    if (this.#first) first.next = undefined;
    else this.#last = undefined;
    return first;
  }
}
