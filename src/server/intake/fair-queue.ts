import { RoundRobin, type RoundRobinElement } from './round-robin.js';

/** A port with waiting items, oldest first. */
interface WaitingPort<T> extends RoundRobinElement<WaitingPort<T>> {
  readonly port: string;
  readonly items: T[];
}

/** A queue that serves ports round robin, and the items of one port in order. */
export class FairQueue<T> {
  readonly #ports = new Map<string, WaitingPort<T>>();
  readonly #order = new RoundRobin<WaitingPort<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an item. If its port then has more than `limit`, removes and returns the port's oldest. */
  push(port: string, item: T, limit = Number.POSITIVE_INFINITY): T | undefined {
    const waiting = this.#ports.get(port);
    if (!waiting) this.#open(port, item);
    else if (waiting.items.push(item) > limit) return waiting.items.shift();
    this.#size += 1;
    return undefined;
  }

  /** The item that {@link take} would return, and its port; undefined if the queue is empty. */
  peek(): { readonly port: string; readonly item: T } | undefined {
    const { first } = this.#order;
    return first && { port: first.port, item: first.items[0]! };
  }

  /** Removes and returns the oldest item of the port that is next; the port then goes to the end. The queue must not be empty. */
  take(): T {
    const waiting = this.#order.take();
    const item = waiting.items.shift()!;
    this.#size -= 1;
    if (waiting.items.length > 0) this.#order.add(waiting);
    else this.#ports.delete(waiting.port);
    return item;
  }

  #open(port: string, item: T): void {
    const waiting: WaitingPort<T> = { port, items: [item], next: undefined };
    this.#ports.set(port, waiting);
    this.#order.add(waiting);
  }
}
