import type { PortObservation } from './lease.js';

/** Names the switch and port of an observation, null if it shows no port. */
export type PortOf = (port: PortObservation) => string | null;

/** A count for each port. */
export class PortCounts {
  readonly #counts = new Map<string, number>();

  on(port: string): number {
    return this.#counts.get(port) ?? 0;
  }

  add(port: string | null): void {
    if (port !== null) this.#counts.set(port, this.on(port) + 1);
  }

  remove(port: string | null): void {
    if (port === null) return;
    const left = this.on(port) - 1;
    if (left > 0) this.#counts.set(port, left);
    else this.#counts.delete(port);
  }

  clear(): void {
    this.#counts.clear();
  }
}
