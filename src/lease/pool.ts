import type { Ipv4 } from '../net/ipv4.js';
import { FreeList } from './free-list.js';

/** A range of addresses for dynamic allocation. Reserved addresses inside it belong to their owners and are never free here. */
export class AddressPool {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Addresses that dynamic allocation may use: the range without reserved ones. */
  readonly size: number;
  readonly #free: FreeList;
  readonly #reserved: ReadonlySet<Ipv4>;

  constructor(first: Ipv4, last: Ipv4, reserved: ReadonlySet<Ipv4>) {
    this.first = first;
    this.last = last;
    this.#reserved = reserved;
    const span = last - first + 1;
    this.#free = new FreeList(span);
    let size = 0;
    for (let slot = 0; slot < span; slot++) if (!reserved.has(first + slot)) size += 1;
    this.size = size;
  }

  contains(address: Ipv4): boolean {
    return address >= this.first && address <= this.last && !this.#reserved.has(address);
  }

  /** Number of addresses that nobody holds, is offered, or declined. */
  get free(): number {
    return this.#free.length;
  }

  isFree(address: Ipv4): boolean {
    return this.contains(address) && this.#free.has(address - this.first);
  }

  /** The address that has been free for the longest time. */
  leastRecentlyUsed(): Ipv4 | undefined {
    const slot = this.#free.first();
    return slot === undefined ? undefined : this.first + slot;
  }

  /** Makes an address of this pool free, as the most recently used. */
  release(address: Ipv4): void {
    if (this.contains(address)) this.#free.push(address - this.first);
  }

  /** Takes an address out of the free ones. */
  take(address: Ipv4): void {
    if (this.contains(address)) this.#free.remove(address - this.first);
  }
}
