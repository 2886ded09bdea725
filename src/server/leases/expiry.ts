import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { Uint32Map } from './uint32-map.js';

/** In the year 2106. Infinite leases, and all that end later, have their entry here. */
const LAST_SECOND = 0xffff_fffe - 1;

/**
 * Finds the addresses that are due, in buckets of one second. An address has one entry however often its lease is renewed: a later end
 * leaves the entry where it is, and takeDue() moves it on.
 */
export class ExpiryQueue {
  readonly #buckets = new Map<number, Ipv4[]>();
  /** The second of each address's entry; an entry in another second is stale. */
  readonly #secondOf = new Uint32Map();
  /** All buckets below this second are empty. */
  #from = Number.MAX_SAFE_INTEGER;

  /** @param expected estimated number of addresses */
  constructor(expected = 0) {
    this.#secondOf.reserve(expected);
  }

  add(address: Ipv4, end: Micros): void {
    const second = secondOf(end);
    const known = this.#secondOf.get(address);
    if (known === undefined || second < known) this.#enter(address, second);
  }

  /** Number of addresses that wait. */
  get size(): number {
    return this.#secondOf.size;
  }

  /**
   * Takes out addresses whose end is at or before `now`, at most `limit`. `endOf` returns the current end of an address; undefined if it
   * has none any more.
   */
  takeDue(now: Micros, limit: number, endOf: (address: Ipv4) => Micros | undefined): Ipv4[] {
    const due: Ipv4[] = [];
    const current = secondOf(now);
    while (due.length < limit) {
      if (!this.#buckets.has(this.#from)) this.#skipAhead(current);
      if (this.#from > current) break;
      const second = this.#from;
      const bucket = this.#buckets.get(second) ?? [];
      const waiting: Ipv4[] = [];
      while (bucket.length > 0 && due.length < limit) {
        const address = bucket.pop()!;
        if (this.#secondOf.get(address) === second) this.#look(address, second, now, endOf(address), due, waiting);
      }
      for (const address of waiting) bucket.push(address);
      if (bucket.length > 0) break;
      this.#buckets.delete(second);
      this.#from = second + 1;
    }
    return due;
  }

  #look(address: Ipv4, second: number, now: Micros, end: Micros | undefined, due: Ipv4[], waiting: Ipv4[]): void {
    const later = end === undefined ? second : secondOf(end);
    if (end !== undefined && end > now && later === second) {
      waiting.push(address);
      return;
    }
    this.#secondOf.delete(address);
    if (end === undefined) return;
    if (end <= now) due.push(address);
    else this.#enter(address, later);
  }

  #enter(address: Ipv4, second: number): void {
    this.#secondOf.set(address, second);
    const bucket = this.#buckets.get(second);
    if (bucket) bucket.push(address);
    else this.#buckets.set(second, [address]);
    if (second < this.#from) this.#from = second;
  }

  /** Skips empty seconds. After a long time without entries one look at the keys is faster than a walk over the seconds. */
  #skipAhead(current: number): void {
    if (this.#buckets.size === 0) this.#from = Number.MAX_SAFE_INTEGER;
    else if (current - this.#from > this.#buckets.size) {
      this.#from = Number.MAX_SAFE_INTEGER;
      for (const second of this.#buckets.keys()) if (second < this.#from) this.#from = second;
    }
  }
}

function secondOf(time: Micros): number {
  return Math.min(Math.max(0, Math.floor(time / MICROS_PER_SECOND)), LAST_SECOND);
}
