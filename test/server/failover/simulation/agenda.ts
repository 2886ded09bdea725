/** Microseconds of simulated, true time. */
export type Time = number;

interface Entry {
  readonly at: Time;
  readonly order: number;
  readonly act: () => void;
}

/** What happens when: a queue of acts by time, those of one time in the order in which they were entered. */
export class Agenda {
  #heap: Entry[] = [];
  #order = 0;
  now: Time = 0;

  in(delay: Time, act: () => void): void {
    const entry = { at: this.now + delay, order: this.#order++, act };
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Does all that is due up to this time, and goes there. */
  runUntil(end: Time): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= end) {
      const { at, act } = this.#take();
      this.now = at;
      act();
    }
    this.now = end;
  }

  #take(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
