import type { Ipv4 } from '../../net/ipv4.js';
import { FreeList } from './free-list.js';

/** For a pool that two servers share: which of its free addresses this server may give. */
export interface PoolSharing {
  /** True if this server may give the address to a new client. */
  mayGive(address: Ipv4): boolean;
  /** The address for a new client. */
  pick(): Ipv4 | undefined;
  /** The address is offered to a client: it is not picked again before {@link offerEnded}. */
  offered(address: Ipv4): void;
  /** The address is no longer offered, if it was. */
  offerEnded(address: Ipv4): void;
  /** Number of free addresses that only the partner may give. */
  partnersFree(): number;
}

/** A range of addresses for dynamic allocation. Reserved addresses in it are never free here. */
export class AddressPool {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Addresses that dynamic allocation may use: the range without reserved ones. */
  readonly size: number;
  /** Name of the failover relationship that shares it; undefined if only this server uses it. */
  readonly failover: string | undefined;
  /** Set for a shared pool before anything is given from it. */
  sharing: PoolSharing | undefined;
  /** Addresses that are neither leased, offered nor declined. */
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

  /** Number of addresses that are neither leased, offered nor declined. */
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

  /** The address is no longer free. */
  take(address: Ipv4): void {
    if (this.contains(address)) this.#free.remove(address - this.first);
  }

  /** The address is offered: not free, and not given by the partner. */
  offer(address: Ipv4): void {
    this.take(address);
    if (this.contains(address)) this.sharing?.offered(address);
  }
}
