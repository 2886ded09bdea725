/** What waits of several ports, which take turns; of one port the oldest comes first. */
export class Line<T> {
  /** The port whose turn is next comes first. */
  readonly #ports = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes one in. Returns the oldest of its port if that has more than `limit` then, for it had to go. */
  push(port: string, item: T, limit = Number.POSITIVE_INFINITY): T | undefined {
    const waiting = this.#ports.get(port);
    if (!waiting) this.#ports.set(port, [item]);
    else if (waiting.push(item) > limit) return waiting.shift();
    this.#size += 1;
    return undefined;
  }

  /** The one that {@link take} would take, and its port; undefined if nothing waits. */
  next(): { readonly port: string; readonly item: T } | undefined {
    const first = this.#ports.entries().next();
    return first.done ? undefined : { port: first.value[0], item: first.value[1][0]! };
  }

  /** Takes out the oldest of the port whose turn it is; then the port is last in the line, or out of it. Something must wait. */
  take(): T {
    const [port, waiting] = this.#ports.entries().next().value!;
    const item = waiting.shift()!;
    this.#size -= 1;
    this.#ports.delete(port);
    if (waiting.length > 0) this.#ports.set(port, waiting);
    return item;
  }
}
