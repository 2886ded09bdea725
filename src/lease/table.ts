import type { Micros } from '../base/time.js';
import type { Ipv4 } from '../net/ipv4.js';
import { ExpiryQueue } from './expiry.js';
import type { Lease } from './lease.js';
import type { Network } from './network.js';
import { Offers } from './offers.js';
import { PortCounts, type PortOf } from './port-counts.js';

/** One change that can be taken back: the lease its address had, and the address that its client had before. */
interface Change {
  address: Ipv4;
  before: Lease | undefined;
  former: Ipv4 | undefined;
}

/** Finds the network that an address belongs to, undefined if the configuration has none. */
export type NetworkOf = (address: Ipv4) => Network | undefined;

/**
 * All leases in memory, by address and by client, with the pools' free lists and the offers kept in step. Changes since the last
 * {@link keep} can be taken back by {@link undo}: the table must never know a lease that the queue file does not.
 */
export class LeaseTable {
  readonly #byAddress = new Map<Ipv4, Lease>();
  /** Latest lease of a client in a network, by network id + client key. */
  readonly #byClient = new Map<string, Lease>();
  #expiry = new ExpiryQueue();
  readonly #offers = new Offers();
  #networkOf: NetworkOf;
  /** Undefined if nobody wants to know how many leases a port has. */
  #portOf: PortOf | undefined;
  readonly #ports = new PortCounts();
  /** The same of addresses that were declined there. */
  readonly #declined = new PortCounts();
  /** Leases as they were before each change that is not kept yet, oldest first. */
  #journal: Change[] = [];
  #active = 0;
  #lastKey = { id: '', client: '', key: '' };

  constructor(networkOf: NetworkOf) {
    this.#networkOf = networkOf;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Number of leases in state active. */
  get active(): number {
    return this.#active;
  }

  get(address: Ipv4): Lease | undefined {
    return this.#byAddress.get(address);
  }

  all(): IterableIterator<Lease> {
    return this.#byAddress.values();
  }

  /** The latest lease, ended or not, that this client had in the network. */
  ofClient(network: Network, client: string): Lease | undefined {
    return this.#byClient.get(this.#keyOf(network, client));
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

  /** Number of offers on a port to others than this client. */
  offersOnPort(port: string, network: Network, client: string): number {
    return this.#offers.onPort(port, this.#keyOf(network, client));
  }

  /** Counts active leases and declined addresses by port from now on, or with undefined no longer. */
  countPorts(portOf: PortOf | undefined): void {
    this.#portOf = portOf;
    this.#countAllPorts();
  }

  /** Records a lease of any state in place of the one its address had. */
  put(lease: Lease): void {
    const network = this.#networkOf(lease.address);
    const former = network && this.ofClient(network, lease.client)?.address;
    this.#journal.push({ address: lease.address, before: this.#byAddress.get(lease.address), former });
    this.#set(lease);
  }

  /** Addresses whose lease, or quarantine, has ended by now; at most `limit`. */
  takeDue(now: Micros, limit: number): Lease[] {
    const endOf = (address: Ipv4) => {
      const lease = this.#byAddress.get(address);
      return lease && (lease.state === 'active' || lease.state === 'declined') ? lease.due : undefined;
    };
    return this.#expiry.takeDue(now, limit, endOf).map((address) => this.#byAddress.get(address)!);
  }

  /** The quarantine of a declined address is over. */
  endQuarantine(lease: Lease): void {
    this.put({ ...lease, state: 'expired' });
  }

  /** Holds an address for a client until it asks for it, or the time is over; counted on `port`. */
  offer(network: Network, client: string, address: Ipv4, until: Micros, port: string | null = null): void {
    const before = this.#offers.hold(this.#keyOf(network, client), address, until, port);
    if (before !== undefined) this.#refree(before);
    this.#poolOf(address)?.offer(address);
  }

  offeredTo(network: Network, client: string): Ipv4 | undefined {
    return this.#offers.addressFor(this.#keyOf(network, client));
  }

  /** True if the address is held for another client. */
  isOfferedToOther(network: Network, client: string, address: Ipv4): boolean {
    const holder = this.#offers.holderOf(address);
    return holder !== undefined && holder !== this.#keyOf(network, client);
  }

  /** Ends the offer to a client: it took it, or chose another server. */
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

  /** A point to which {@link undo} can go back. */
  mark(): number {
    return this.#journal.length;
  }

  /** The changes since the last call are durable. */
  keep(): void {
    this.#journal = [];
  }

  /** The leases changed since the last {@link keep}, each once, in their present form. */
  changed(): Lease[] {
    const addresses = new Set(this.#journal.map((entry) => entry.address));
    return [...addresses].map((address) => this.#byAddress.get(address)!);
  }

  /** Takes back the changes since the mark, or since the last {@link keep}: they could not be made durable. */
  undo(mark = 0): void {
    for (const { address, before, former } of this.#journal.splice(mark).reverse()) {
      if (before) this.#set(before);
      else this.#forget(address);
      const known = former === undefined ? undefined : this.#byAddress.get(former);
      if (known) this.#index(known);
    }
  }

  /** Loads leases at start, and lays out the free lists anew for new networks (at start and after a change of configuration). */
  rebuild(networks: Iterable<Network>, networkOf: NetworkOf, loaded: Iterable<Lease> = []): void {
    this.#networkOf = networkOf;
    for (const lease of loaded) this.#byAddress.set(lease.address, lease);
    this.#byClient.clear();
    this.#expiry = new ExpiryQueue();
    this.#active = 0;
    const ended: Lease[] = [];
    for (const lease of this.#byAddress.values()) {
      this.#index(lease);
      if (lease.state === 'active') this.#active += 1;
      if (lease.state !== 'active' && lease.state !== 'declined') ended.push(lease);
    }
    this.#countAllPorts();
    for (const network of networks) this.#freeNeverUsed(network);
    for (const lease of ended.sort((a, b) => a.end - b.end)) this.#poolOf(lease.address)?.release(lease.address);
    for (const address of this.#offers.addresses()) this.#poolOf(address)?.offer(address);
  }

  #freeNeverUsed(network: Network): void {
    for (const pool of network.pools) {
      for (let address = pool.first; address <= pool.last; address++) {
        if (!this.#byAddress.has(address)) pool.release(address);
      }
    }
  }

  #countAllPorts(): void {
    this.#ports.clear();
    this.#declined.clear();
    if (!this.#portOf) return;
    for (const lease of this.#byAddress.values()) this.#count(lease);
  }

  #count(lease: Lease): void {
    if (lease.state === 'declined') this.#declined.add(this.#portNamed(lease));
    else this.#ports.add(this.portOf(lease));
  }

  #uncount(lease: Lease): void {
    if (lease.state === 'declined') this.#declined.remove(this.#portNamed(lease));
    else this.#ports.remove(this.portOf(lease));
  }

  #set(lease: Lease): void {
    const before = this.#byAddress.get(lease.address);
    if (before) this.#uncount(before);
    this.#count(lease);
    this.#active += Number(lease.state === 'active') - Number(before?.state === 'active');
    if (before && before.client !== lease.client) this.#unindex(before);
    this.#byAddress.set(lease.address, lease);
    this.#index(lease);
    this.#refree(lease.address);
  }

  #forget(address: Ipv4): void {
    const lease = this.#byAddress.get(address);
    if (!lease) return;
    if (lease.state === 'active') this.#active -= 1;
    this.#uncount(lease);
    this.#unindex(lease);
    this.#byAddress.delete(address);
    this.#refree(address);
  }

  #index(lease: Lease): void {
    if (lease.state === 'active' || lease.state === 'declined') this.#expiry.add(lease.address, lease.due);
    const network = this.#networkOf(lease.address);
    if (!network) return;
    const key = this.#keyOf(network, lease.client);
    const known = this.#byClient.get(key);
    if (!known || known.address === lease.address || this.#isNewer(lease, known)) this.#byClient.set(key, lease);
  }

  #isNewer(lease: Lease, known: Lease): boolean {
    if ((lease.state === 'active') !== (known.state === 'active')) return lease.state === 'active';
    return lease.renewed >= known.renewed;
  }

  #unindex(lease: Lease): void {
    const network = this.#networkOf(lease.address);
    if (network && this.#byClient.get(this.#keyOf(network, lease.client))?.address === lease.address) {
      this.#byClient.delete(this.#keyOf(network, lease.client));
    }
  }

  /** Puts the address where it belongs now: free, or not. */
  #refree(address: Ipv4): void {
    const pool = this.#poolOf(address);
    if (!pool) return;
    const state = this.#byAddress.get(address)?.state;
    const held = state === 'active' || state === 'declined' || this.#offers.holderOf(address) !== undefined;
    if (held) pool.take(address);
    else pool.release(address);
  }

  /** A request asks for the same client several times; a text that is put together anew must be hashed anew, too. */
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
