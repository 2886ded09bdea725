import { MICROS_PER_SECOND, type Micros } from '../base/time.js';
import type { Ipv4 } from '../net/ipv4.js';

/**
 * Tells which addresses are due, in buckets of one second. A renewal only adds a later entry; the older one is found to be
 * out of date by the caller, who knows the lease's end.
 */
export class ExpiryQueue {
  readonly #buckets = new Map<number, Ipv4[]>();
  /** All buckets below this second are empty. */
  #from = Number.MAX_SAFE_INTEGER;

  add(address: Ipv4, end: Micros): void {
    const second = Math.floor(end / MICROS_PER_SECOND);
    const bucket = this.#buckets.get(second);
    if (bucket) bucket.push(address);
    else this.#buckets.set(second, [address]);
    if (second < this.#from) this.#from = second;
  }

  /**
   * Takes out addresses whose entry lies at or before now, at most `limit`. `endOf` tells the end that is true today; an entry
   * of the current second that is not due yet stays.
   */
  takeDue(now: Micros, limit: number, endOf: (address: Ipv4) => Micros | undefined): Ipv4[] {
    const due: Ipv4[] = [];
    const current = Math.floor(now / MICROS_PER_SECOND);
    while (due.length < limit) {
      if (!this.#buckets.has(this.#from)) this.#skipAhead(current);
      if (this.#from > current) break;
      const bucket = this.#buckets.get(this.#from) ?? [];
      const later: Ipv4[] = [];
      while (bucket.length > 0 && due.length < limit) {
        const address = bucket.pop()!;
        const end = endOf(address);
        if (end === undefined) continue;
        if (end <= now) due.push(address);
        else if (Math.floor(end / MICROS_PER_SECOND) === this.#from) later.push(address);
      }
      const rest = bucket.concat(later);
      if (rest.length > 0) {
        this.#buckets.set(this.#from, rest);
        break;
      }
      this.#buckets.delete(this.#from);
      this.#from += 1;
    }
    return due;
  }

  /** After a long time without entries the walk over empty seconds is replaced by one look at the keys. */
  #skipAhead(current: number): void {
    if (this.#buckets.size === 0) this.#from = Number.MAX_SAFE_INTEGER;
    else if (current - this.#from > this.#buckets.size) {
      this.#from = Number.MAX_SAFE_INTEGER;
      for (const second of this.#buckets.keys()) if (second < this.#from) this.#from = second;
    }
  }
}
