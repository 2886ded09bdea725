import { BACKLOG } from './intake.js';

/**
 * Which requests come too late, because turns had a later one of the same client in the same network taken up before: what a client said first
 * shall not count last, or it is recorded at the port that it has left. Only what was taken up says where a client is: anybody can write a
 * packet in its name. The order is that in which requests were read, of several sockets one after the other.
 */
export class Overtaken {
  /** Of each client in each network the latest that was taken up while others waited; two generations, so that they never grow. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /** True if a later request of the client was taken up before. `order` counts arrivals. */
  has(client: string, order: number): boolean {
    return order < (this.#recent.get(client) ?? this.#older.get(client) ?? 0);
  }

  /** It is taken up while others wait. */
  note(client: string, order: number): void {
    if (this.#recent.size >= 2 * BACKLOG) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(client, order);
  }

  /** Nothing waits any more, or what was taken up was not stored. */
  clear(): void {
    if (this.#recent.size > 0) this.#recent = new Map();
    if (this.#older.size > 0) this.#older = new Map();
  }
}
