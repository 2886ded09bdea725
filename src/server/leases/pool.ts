import type { Ipv4 } from '../../net/ipv4.js';
import { FreeList } from './free-list.js';

/** What a pool asks that two servers share: which of the addresses that nobody holds this one may give. */
export interface PoolSharing {
  /** True if this server may give the address to somebody who does not hold it. */
  mayGive(address: Ipv4): boolean;
  /** The address for somebody new. */
  pick(): Ipv4 | undefined;
  /** The address is offered to somebody, and is not to be picked again until that is over. */
  offered(address: Ipv4): void;
  /** It is offered no longer, if it was. */
  offerEnded(address: Ipv4): void;
  /** How many addresses are free and only the partner's to give. */
  partnersFree(): number;
}

/** A range of addresses for dynamic allocation. Reserved addresses inside it belong to their owners and are never free here. */
export class AddressPool {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Addresses that dynamic allocation may use: the range without reserved ones. */
  readonly size: number;
  /** Name of the failover relationship that shares it; undefined if it is this server's alone. */
  readonly failover: string | undefined;
  /** What becomes of a shared pool's addresses; nothing is given before it is set. */
  sharing: PoolSharing | undefined;
  /** The addresses that nobody holds. */
  readonly #free: FreeList;
  readonly #reserved: ReadonlySet<Ipv4>;

  constructor(first: Ipv4, last: Ipv4, reserved: ReadonlySet<Ipv4>, failover?: string) {
    this.failover = failover;
    this.first = first;
    this.last = last;
    this.#reserved = reserved;
    const span = last - first + 1;
    this.#free = new FreeList(span);
    this.size = span - this.reserved().length;
  }

  contains(address: Ipv4): boolean {
    return address >= this.first && address <= this.last && !this.#reserved.has(address);
  }

  /** Number of addresses that nobody holds, is offered, or declined. */
  get free(): number {
    return this.#free.length;
  }

  isFree(address: Ipv4): boolean {
    if (!this.contains(address) || !this.#free.has(address - this.first)) return false;
    return this.failover === undefined || (this.sharing?.mayGive(address) ?? false);
  }

  /** Addresses of the range that dynamic allocation may not use. */
  reserved(): Ipv4[] {
    return [...this.#reserved].filter((address) => address >= this.first && address <= this.last);
  }

  /** The address that has been free for the longest time. */
  leastRecentlyUsed(): Ipv4 | undefined {
    if (this.failover !== undefined) return this.sharing?.pick();
    const slot = this.#free.first();
    return slot === undefined ? undefined : this.first + slot;
  }

  /** Makes an address of this pool free, as the most recently used. */
  release(address: Ipv4): void {
    if (!this.contains(address)) return;
    this.#free.push(address - this.first);
    this.sharing?.offerEnded(address);
  }

  /** Takes an address out of the free ones. */
  take(address: Ipv4): void {
    if (this.contains(address)) this.#free.remove(address - this.first);
  }

  /** Takes an address out of the free ones that is only offered so far. */
  offer(address: Ipv4): void {
    this.take(address);
    if (this.contains(address)) this.sharing?.offered(address);
  }
}
