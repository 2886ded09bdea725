/**
 * Which requests come too late, because turns had a later one of the same client in the same network worked off before: what a client said first shall not
 * count last, or it is recorded at the port that it has left. Remembers nothing but while requests wait.
 */
export class Overtaken {
  /** Of each client in each network the latest that was worked off while others waited. */
  readonly #latest = new Map<string, number>();

  /** True if a later request of the client was worked off before. `order` counts arrivals. */
  has(client: string, order: number): boolean {
    return order < (this.#latest.get(client) ?? 0);
  }

  /** It is worked off while others wait. */
  note(client: string, order: number): void {
    this.#latest.set(client, order);
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#latest.clear();
  }
}
