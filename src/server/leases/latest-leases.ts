import type { Ipv4 } from '../../net/ipv4.js';
import { ClientHash } from './client-hash.js';
import type { Lease } from './lease.js';
import type { LeaseStore } from './lease-store.js';
import type { Network, NetworkOf } from './network.js';
import { Uint32Map } from './uint32-map.js';

/** The latest lease, ended or not, that a client had in each network; by slots of the store. */
export class LatestLeases {
  readonly #store: LeaseStore;
  readonly #networkOf: NetworkOf;
  readonly #hash = new ClientHash();
  /** By hash of the client: the first slot, plus one, of those that have it. */
  readonly #first = new Uint32Map();
  /** By slot: the next one with the same hash, plus one; 0 ends. */
  #next: Uint32Array;

  constructor(store: LeaseStore, networkOf: NetworkOf) {
    this.#store = store;
    this.#networkOf = networkOf;
    this.#first.reserve(store.size);
    this.#next = new Uint32Array(Math.max(64, store.size));
  }

  /** Slot of the client's latest lease in the network. */
  find(network: Network, client: string): number | undefined {
    return this.#find(this.#hash.ofText(client), network, client);
  }

  /** Address of the client's latest lease in the network of this address. */
  addressOf(address: Ipv4, client: string): Ipv4 | undefined {
    const network = this.#networkOf(address);
    const slot = network && this.find(network, client);
    return slot === undefined ? undefined : this.#store.address(slot);
  }

  /** Makes the lease its client's latest, unless another one is newer. */
  enter(slot: number): void {
    const network = this.#networkOf(this.#store.address(slot));
    if (!network) return;
    const hash = this.#store.hashOfClient(slot, this.#hash);
    // At the start most hashes are new: then the client need not be read
    const known = this.#first.has(hash) ? this.#find(hash, network, this.#store.client(slot)) : undefined;
    if (known === slot || (known !== undefined && !this.#isNewer(slot, known))) return;
    if (known !== undefined) this.#unlink(hash, known);
    this.#link(hash, slot);
  }

  /** Sets the client's latest lease, by its address, in the network of `address`; with undefined there is none. */
  set(address: Ipv4, client: string, latest: Ipv4 | undefined): void {
    const network = this.#networkOf(address);
    const hash = this.#hash.ofText(client);
    const known = network && this.#find(hash, network, client);
    if (known !== undefined) this.#unlink(hash, known);
    if (latest !== undefined) this.#link(hash, this.#store.slotOf(latest)!);
  }

  /** If the lease is its client's latest, the client has none any more. The lease must still be in the store. */
  remove({ address, client }: Lease): void {
    this.#unlink(this.#hash.ofText(client), this.#store.slotOf(address)!);
  }

  #isNewer(slot: number, known: number): boolean {
    const [isActive, wasActive] = [this.#store.state(slot) === 'active', this.#store.state(known) === 'active'];
    if (isActive !== wasActive) return isActive;
    return this.#store.renewed(slot) >= this.#store.renewed(known);
  }

  #find(hash: number, network: Network, client: string): number | undefined {
    let link = this.#first.get(hash) ?? 0;
    while (link !== 0 && !this.#isMeant(link - 1, network, client)) link = this.#next[link - 1]!;
    return link === 0 ? undefined : link - 1;
  }

  #link(hash: number, slot: number): void {
    this.#reserve(slot);
    this.#next[slot] = this.#first.get(hash) ?? 0;
    this.#first.set(hash, slot + 1);
  }

  #unlink(hash: number, slot: number): void {
    let before = -1;
    let link = this.#first.get(hash) ?? 0;
    for (; link !== 0 && link - 1 !== slot; link = this.#next[before]!) before = link - 1;
    if (link === 0) return;
    if (before >= 0) this.#next[before] = this.#next[slot]!;
    else if (this.#next[slot] !== 0) this.#first.set(hash, this.#next[slot]!);
    else this.#first.delete(hash);
  }

  #isMeant(slot: number, network: Network, client: string): boolean {
    return this.#store.isClient(slot, client) && this.#networkOf(this.#store.address(slot)) === network;
  }

  #reserve(slot: number): void {
    if (slot < this.#next.length) return;
    const larger = new Uint32Array(Math.max(2 * this.#next.length, slot + 1));
    larger.set(this.#next);
    this.#next = larger;
  }
}
