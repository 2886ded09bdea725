import { BACKLOG } from './intake.js';

/**
 * Recognises requests that come too late: round robin served a later request of the same client first. To serve the earlier one as well
 * would record the client at a port that it has left. Only requests that took effect count as served: anybody can send other packets in
 * a client's name. The order is that of reading; several sockets are read one after the other.
 */
export class Overtaken {
  /** The latest request served while others waited, by ordering key. Two generations bound the memory. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /**
   * True if a later request was served before.
   * @param key names client and network
   * @param order counts arrivals, upwards
   */
  has(key: string, order: number): boolean {
    return order < (this.#recent.get(key) ?? this.#older.get(key) ?? 0);
  }

  /** The request was served while others wait. */
  note(key: string, order: number): void {
    if (this.#recent.size >= 2 * BACKLOG) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, order);
  }

  /** For when no request waits any more, or what was served could not be stored. */
  clear(): void {
    if (this.#recent.size > 0) this.#recent = new Map();
    if (this.#older.size > 0) this.#older = new Map();
  }
}
