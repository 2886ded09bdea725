import type { Ipv4 } from '../../net/ipv4.js';
import type { AddressPool } from './pool.js';

/** Finds the network that an address belongs to, undefined if the configuration has none. */
export type NetworkOf = (address: Ipv4) => Network | undefined;

/** One link: a subnet, or several that share it, with the pools to allocate from in their order. */
export class Network {
  /** Distinguishes networks in keys; ends with a byte that no other id has there, so that id + client key is unambiguous. */
  readonly id: string;
  readonly name: string;
  readonly pools: readonly AddressPool[];

  constructor(name: string, pools: readonly AddressPool[]) {
    this.id = `${name}\n`;
    this.name = name;
    this.pools = pools;
  }

  /** The pool that may give this address dynamically. */
  poolOf(address: Ipv4): AddressPool | undefined {
    return this.pools.find((pool) => pool.contains(address));
  }

  /** True if dynamic allocation may give this address now. */
  isFree(address: Ipv4): boolean {
    return this.pools.some((pool) => pool.isFree(address));
  }

  /** The free address that was used the longest time ago, from the first pool that has one. */
  leastRecentlyUsed(): Ipv4 | undefined {
    for (const pool of this.pools) {
      const address = pool.leastRecentlyUsed();
      if (address !== undefined) return address;
    }
    return undefined;
  }
}
