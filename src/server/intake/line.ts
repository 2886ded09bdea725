import { Turns, type Waiter } from './turns.js';

/** A port of which something waits, the oldest first. */
interface WaitingPort<T> extends Waiter<WaitingPort<T>> {
  readonly port: string;
  readonly items: T[];
}

/** What waits of several ports, which take turns; of one port the oldest comes first. */
export class Line<T> {
  readonly #ports = new Map<string, WaitingPort<T>>();
  readonly #turns = new Turns<WaitingPort<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes one in. Returns the oldest of its port if that has more than `limit` then, for it had to go. */
  push(port: string, item: T, limit = Number.POSITIVE_INFINITY): T | undefined {
    const waiting = this.#ports.get(port);
    if (!waiting) this.#open(port, item);
    else if (waiting.items.push(item) > limit) return waiting.items.shift();
    this.#size += 1;
    return undefined;
  }

  /** The one that {@link take} would take, and its port; undefined if nothing waits. */
  next(): { readonly port: string; readonly item: T } | undefined {
    const first = this.#turns.first;
    return first && { port: first.port, item: first.items[0]! };
  }

  /** Takes out the oldest of the port whose turn it is; then the port is last in the line, or out of it. Something must wait. */
  take(): T {
    const waiting = this.#turns.take();
    const item = waiting.items.shift()!;
    this.#size -= 1;
    if (waiting.items.length > 0) this.#turns.add(waiting);
    else this.#ports.delete(waiting.port);
    return item;
  }

  #open(port: string, item: T): void {
    const waiting: WaitingPort<T> = { port, items: [item], behind: undefined };
    this.#ports.set(port, waiting);
    this.#turns.add(waiting);
  }
}
