import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { ExpiryQueue } from './expiry.js';
import { LatestLeases } from './latest-leases.js';
import type { Lease } from './lease.js';
import { LeaseStore } from './lease-store.js';
import type { Network, NetworkOf } from './network.js';
import { Offers } from './offers.js';
import type { PackedLease } from './packed.js';
import { PortCounts, type PortOf } from './port-counts.js';

/** One change that can be undone. */
interface Change {
  readonly address: Ipv4;
  /** The lease that the address had, and whether it was the latest of its client. */
  readonly before: Lease | undefined;
  readonly wasLatest: boolean;
  /** Where the client that it was given to had its latest lease. */
  readonly former: Ipv4 | undefined;
}

/**
 * All leases in memory, by address and by client, with the free lists of the pools and the offers. Changes that are not committed can be
 * rolled back: the table must never know a lease that the queue file does not.
 */
export class LeaseTable {
  readonly #store = new LeaseStore();
  #latest: LatestLeases;
  #expiry = new ExpiryQueue();
  readonly #offers = new Offers();
  #networkOf: NetworkOf;
  /** Undefined while leases are not counted by port. */
  #portOf: PortOf | undefined;
  readonly #ports = new PortCounts();
  /** Addresses in quarantine by the port that they were declined on. */
  readonly #declined = new PortCounts();
  /** The changes that are not committed, oldest first. */
  #journal: Change[] = [];
  /** Number of changes before the journal's first. */
  #committed = 0;
  #active = 0;
  #lastKey = { id: '', client: '', key: '' };

  constructor(networkOf: NetworkOf) {
    this.#networkOf = networkOf;
    this.#latest = new LatestLeases(this.#store, networkOf);
  }

  get size(): number {
    return this.#store.size;
  }

  /** Number of leases in state active. */
  get active(): number {
    return this.#active;
  }

  get(address: Ipv4): Lease | undefined {
    const slot = this.#store.slotOf(address);
    return slot === undefined ? undefined : this.#store.get(slot);
  }

  *all(): Generator<Lease> {
    for (const slot of this.#store.slots()) yield this.#store.read(slot);
  }

  /** The latest lease, ended or not, that this client had in the network. */
  ofClient(network: Network, client: string): Lease | undefined {
    const slot = this.#latest.find(network, client);
    return slot === undefined ? undefined : this.#store.get(slot);
  }

  /** The port that the lease is counted on; null if it is not active, shows none, or ports are not counted. */
  portOf(lease: Lease): string | null {
    return lease.state === 'active' ? this.#portNamed(lease) : null;
  }

  #portNamed({ port }: Lease): string | null {
    return this.#portOf && port ? this.#portOf(port) : null;
  }

  /** Number of active leases on a port, 0 while ports are not counted. */
  leasesOnPort(port: string): number {
    return this.#ports.on(port);
  }

  /** Number of addresses in quarantine that were declined on a port, 0 while ports are not counted. */
  declinedOnPort(port: string): number {
    return this.#declined.on(port);
  }

  /** Number of offers on a port to clients other than this one. */
  offersOnPort(port: string, network: Network, client: string): number {
    return this.#offers.onPort(port, this.#keyOf(network, client));
  }

  /** Counts active leases and declined addresses by port from now on; with undefined stops counting. */
  countPorts(portOf: PortOf | undefined): void {
    this.#portOf = portOf;
    this.#countAllPorts();
  }

  /** Puts a lease of any state in place of the one that its address had. */
  put(lease: Lease): void {
    const { address } = lease;
    const before = this.get(address);
    const wasLatest = before !== undefined && this.#latest.addressOf(address, before.client) === address;
    this.#journal.push({ address, before, wasLatest, former: this.#latest.addressOf(address, lease.client) });
    this.#latest.enter(this.#set(lease));
  }

  /** Addresses whose lease, or quarantine, has ended by now; at most `limit`. */
  takeDue(now: Micros, limit: number): Lease[] {
    const endOf = (address: Ipv4) => {
      const slot = this.#store.slotOf(address);
      return slot !== undefined && this.#isBound(slot) ? this.#store.due(slot) : undefined;
    };
    return this.#expiry.takeDue(now, limit, endOf).map((address) => this.get(address)!);
  }

  /** The quarantine of a declined address is over. */
  endQuarantine(lease: Lease): void {
    this.put({ ...lease, state: 'expired' });
  }

  /** Offers an address: it is reserved for the client until `until` or {@link withdrawOffer}. Counts on `port`. */
  offer(network: Network, client: string, address: Ipv4, until: Micros, port: string | null = null): void {
    const before = this.#offers.add(this.#keyOf(network, client), address, until, port);
    if (before !== undefined) this.#refree(before);
    this.#poolOf(address)?.offer(address);
  }

  offeredTo(network: Network, client: string): Ipv4 | undefined {
    return this.#offers.addressFor(this.#keyOf(network, client));
  }

  /** Ends the offer to a client: it took the address, or chose another server. */
  withdrawOffer(network: Network, client: string): void {
    const address = this.#offers.drop(this.#keyOf(network, client));
    if (address !== undefined) this.#refree(address);
  }

  expireOffers(now: Micros): void {
    for (const address of this.#offers.expire(now)) this.#refree(address);
  }

  get offers(): number {
    return this.#offers.size;
  }

  /** A point to go back to: the number of changes so far, committed ones included. */
  savepoint(): number {
    return this.#committed + this.#journal.length;
  }

  /** The leases changed since the savepoint and not committed, each once, as they are now. */
  changedSince(savepoint: number): Lease[] {
    const addresses = new Set<Ipv4>();
    for (let i = this.#indexOf(savepoint); i < this.#journal.length; i++) addresses.add(this.#journal[i]!.address);
    return Array.from(addresses, (address) => this.get(address)!);
  }

  /** The changes up to the savepoint, by default all, are durable: they can no longer be rolled back. */
  commit(savepoint = this.savepoint()): void {
    const count = this.#indexOf(savepoint);
    if (count === this.#journal.length) this.#journal = [];
    else this.#journal.splice(0, count);
    this.#committed += count;
  }

  /** Undoes the changes since the savepoint that are not committed, the last one first. */
  rollback(savepoint: number): void {
    for (const { address, before, wasLatest, former } of this.#journal.splice(this.#indexOf(savepoint)).reverse()) {
      const { client } = this.get(address)!;
      this.#latest.set(address, client, undefined);
      if (before) this.#set(before);
      else this.#forget(address);
      if (before && wasLatest) this.#latest.set(address, before.client, address);
      if (former !== undefined) this.#latest.set(address, client, former);
    }
  }

  #indexOf(savepoint: number): number {
    return Math.max(0, savepoint - this.#committed);
  }

  /**
   * Builds indexes and free lists for new networks, at the start and after a reload.
   * @param loaded leases to begin with, at the start
   */
  rebuild(networks: Iterable<Network>, networkOf: NetworkOf, loaded: Iterable<PackedLease> = []): void {
    for (const packed of loaded) this.#store.load(packed);
    this.#networkOf = networkOf;
    this.#latest = new LatestLeases(this.#store, networkOf);
    this.#expiry = new ExpiryQueue(this.#store.size);
    this.#active = 0;
    const ended: number[] = [];
    for (const slot of this.#store.slots()) {
      this.#awaitEnd(slot);
      this.#latest.enter(slot);
      if (this.#store.state(slot) === 'active') this.#active += 1;
      if (!this.#isBound(slot)) ended.push(slot);
    }
    this.#countAllPorts();
    for (const network of networks) this.#freeNeverUsed(network);
    for (const slot of ended.sort((a, b) => this.#store.end(a) - this.#store.end(b))) {
      const address = this.#store.address(slot);
      this.#poolOf(address)?.release(address);
    }
    for (const address of this.#offers.addresses()) this.#poolOf(address)?.offer(address);
  }

  #freeNeverUsed(network: Network): void {
    for (const pool of network.pools) {
      for (let address = pool.first; address <= pool.last; address++) {
        if (this.#store.slotOf(address) === undefined) pool.release(address);
      }
    }
  }

  #countAllPorts(): void {
    this.#ports.clear();
    this.#declined.clear();
    if (!this.#portOf) return;
    for (const lease of this.all()) this.#count(lease);
  }

  #count(lease: Lease): void {
    if (lease.state === 'declined') this.#declined.add(this.#portNamed(lease));
    else this.#ports.add(this.portOf(lease));
  }

  #uncount(lease: Lease): void {
    if (lease.state === 'declined') this.#declined.remove(this.#portNamed(lease));
    else this.#ports.remove(this.portOf(lease));
  }

  /** Returns the slot of the lease. */
  #set(lease: Lease): number {
    const before = this.get(lease.address);
    if (before) this.#uncount(before);
    this.#count(lease);
    this.#active += Number(lease.state === 'active') - Number(before?.state === 'active');
    if (before && before.client !== lease.client) this.#latest.remove(before);
    const slot = this.#store.put(lease);
    this.#awaitEnd(slot);
    this.#refree(lease.address);
    return slot;
  }

  #forget(address: Ipv4): void {
    const lease = this.get(address);
    if (!lease) return;
    if (lease.state === 'active') this.#active -= 1;
    this.#uncount(lease);
    this.#latest.remove(lease);
    this.#store.remove(address);
    this.#refree(address);
  }

  /** True if the lease, or quarantine, binds its address until its end. */
  #isBound(slot: number): boolean {
    const state = this.#store.state(slot);
    return state === 'active' || state === 'declined';
  }

  #awaitEnd(slot: number): void {
    if (this.#isBound(slot)) this.#expiry.add(this.#store.address(slot), this.#store.due(slot));
  }

  /** Makes the address free in its pool, or takes it, by what is known of it now. */
  #refree(address: Ipv4): void {
    const pool = this.#poolOf(address);
    if (!pool) return;
    const slot = this.#store.slotOf(address);
    const isTaken = (slot !== undefined && this.#isBound(slot)) || this.#offers.clientOf(address) !== undefined;
    if (isTaken) pool.take(address);
    else pool.release(address);
  }

  /** A request asks for the same client several times. A new string would have to be hashed again each time. */
  #keyOf(network: Network, client: string): string {
    const last = this.#lastKey;
    if (last.client !== client || last.id !== network.id)
      this.#lastKey = { id: network.id, client, key: network.id + client };
    return this.#lastKey.key;
  }

  #poolOf(address: Ipv4) {
    return this.#networkOf(address)?.poolOf(address);
  }
}
