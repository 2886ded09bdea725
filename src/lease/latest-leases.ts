import { randomFillSync } from 'node:crypto';
import type { Ipv4 } from '../net/ipv4.js';
import type { Lease } from './lease.js';
import type { LeaseStore } from './lease-store.js';
import type { Network, NetworkOf } from './network.js';
import { Uint32Map } from './uint32-map.js';

/** The latest lease, ended or not, that a client had in each network; by slots of the store. */
export class LatestLeases {
  readonly #store: LeaseStore;
  readonly #networkOf: NetworkOf;
  readonly #hash = clientHash();
  /** By hash of the client: the first slot, plus one, of those that have it. */
  readonly #first = new Uint32Map();
  /** By slot: the next one with the same hash, plus one; 0 ends. */
  #next = new Uint32Array(64);

  constructor(store: LeaseStore, networkOf: NetworkOf) {
    this.#store = store;
    this.#networkOf = networkOf;
  }

  /** Slot of the client's latest lease in the network. */
  find(network: Network, client: string): number | undefined {
    let link = this.#first.get(this.#hash(client)) ?? 0;
    while (link !== 0 && !this.#isMeant(link - 1, network, client)) link = this.#next[link - 1]!;
    return link === 0 ? undefined : link - 1;
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
    const client = this.#store.client(slot);
    const known = this.find(network, client);
    if (known === slot || (known !== undefined && !this.#isNewer(slot, known))) return;
    if (known !== undefined) this.#unlink(client, known);
    this.#link(client, slot);
  }

  /** Says which lease, by its address, is the client's latest in the network of an address; with undefined there is none. */
  set(address: Ipv4, client: string, latest: Ipv4 | undefined): void {
    const network = this.#networkOf(address);
    const known = network && this.find(network, client);
    if (known !== undefined) this.#unlink(client, known);
    if (latest !== undefined) this.#link(client, this.#store.slotOf(latest)!);
  }

  /** Forgets that a lease is its client's latest, if it is. It must still be in the store. */
  remove({ address, client }: Lease): void {
    this.#unlink(client, this.#store.slotOf(address)!);
  }

  #isNewer(slot: number, known: number): boolean {
    const [isActive, wasActive] = [this.#store.state(slot) === 'active', this.#store.state(known) === 'active'];
    if (isActive !== wasActive) return isActive;
    return this.#store.renewed(slot) >= this.#store.renewed(known);
  }

  #link(client: string, slot: number): void {
    const hash = this.#hash(client);
    this.#reserve(slot);
    this.#next[slot] = this.#first.get(hash) ?? 0;
    this.#first.set(hash, slot + 1);
  }

  #unlink(client: string, slot: number): void {
    const hash = this.#hash(client);
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

/** A client's identity has 257 bytes at most. */
const FACTORS = 258;

/**
 * A hash of texts of bytes. Each place of the text has a factor of its own that nobody can guess: clients who choose their
 * identities cannot make many of them alike.
 */
function clientHash(): (text: string) => number {
  const factors = randomFillSync(new Int32Array(FACTORS));
  return (text) => {
    let hash = Math.imul(text.length, factors[0]! | 1);
    for (let i = 0; i < text.length; i++)
      hash = (hash + Math.imul(text.charCodeAt(i), factors[(i % (FACTORS - 1)) + 1]! | 1)) | 0;
    return hash >>> 0;
  };
}
