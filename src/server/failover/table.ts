import { MICROS_PER_SECOND } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { BindingStatus } from '../../protocol/failover/codes.js';
import { ExpiryQueue } from '../leases/expiry.js';
import { FreeList } from '../leases/free-list.js';
import { type Binding, isUnused, neverUsed, type Seconds } from './binding.js';
import type { PoolRange } from './settings.js';

/** The lists of a pool: free for the primary, free for the secondary, ended but not yet agreed to be free. */
export type ListName = 'FREE' | 'BACKUP' | 'ENDED';

const LIST_OF: Readonly<Partial<Record<BindingStatus, ListName>>> = {
  FREE: 'FREE',
  BACKUP: 'BACKUP',
  EXPIRED: 'ENDED',
  RELEASED: 'ENDED',
  RESET: 'ENDED',
};

/** One pool: how many addresses are on each list, and in which order they are given. Offered addresses count but are not given. */
class SharedPool {
  readonly range: PoolRange;
  readonly lists: Readonly<Record<ListName, FreeList>>;
  readonly counts: Record<ListName, number> = { FREE: 0, BACKUP: 0, ENDED: 0 };

  constructor(range: PoolRange) {
    this.range = range;
    const size = range.last - range.first + 1;
    this.lists = { FREE: new FreeList(size), BACKUP: new FreeList(size), ENDED: new FreeList(size) };
  }

  contains(address: Ipv4): boolean {
    return address >= this.range.first && address <= this.range.last && !this.range.excluded.has(address);
  }
}

/**
 * The bindings of all pools of a relationship, with their indexes. Changes since the last {@link commit} can be rolled back. Time grows
 * with the pools only where a comment says so.
 */
export class BindingTable {
  readonly #pools: readonly SharedPool[];
  readonly #byAddress = new Map<Ipv4, Binding>();
  readonly #pending = new Set<Ipv4>();
  readonly #offered = new Set<Ipv4>();
  readonly #expiry = new ExpiryQueue();
  #journal: { address: Ipv4; before: Binding | undefined }[] = [];

  /** Time grows with the pools. Bindings of addresses in no pool are ignored. */
  constructor(ranges: readonly PoolRange[], stored: Iterable<Binding>) {
    this.#pools = ranges.map((range) => new SharedPool(range));
    for (const binding of stored) if (this.covers(binding.address)) this.#byAddress.set(binding.address, binding);
    for (const pool of this.#pools) {
      for (let address = pool.range.first; address <= pool.range.last; address++) {
        if (pool.contains(address) && !this.#byAddress.has(address)) this.#enter(neverUsed(address));
      }
    }
    const byEnd = [...this.#byAddress.values()].sort((a, b) => a.ends - b.ends || a.address - b.address);
    for (const binding of byEnd) this.#enter(binding);
  }

  covers(address: Ipv4): boolean {
    return this.#poolOf(address) !== undefined;
  }

  get(address: Ipv4): Binding {
    return this.#byAddress.get(address) ?? neverUsed(address);
  }

  /**
   * True if the pair has used or moved an address before. Leases that only this server knows, from a time without a partner, do not
   * count. Time grows with the number of bindings.
   */
  get hasPast(): boolean {
    for (const binding of this.#byAddress.values()) if (!binding.own && !isUnused(binding)) return true;
    return false;
  }

  /** The latest end that either server may have promised. Time grows with the number of bindings. */
  get latestPromise(): Seconds {
    let latest = 0;
    for (const { promised, acknowledged } of this.#byAddress.values())
      latest = Math.max(latest, promised, acknowledged);
    return latest;
  }

  /** Addresses whose binding the partner does not know in its present form, oldest change first. */
  get pending(): ReadonlySet<Ipv4> {
    return this.#pending;
  }

  /** All bindings except those of addresses that were never used. */
  all(): IterableIterator<Binding> {
    return this.#byAddress.values();
  }

  /** Every address of the pools. */
  *addresses(): Generator<Ipv4> {
    for (const pool of this.#pools) {
      for (let address = pool.range.first; address <= pool.range.last; address++)
        if (pool.contains(address)) yield address;
    }
  }

  /** How many addresses of a pool are on a list, offered ones included. */
  count(pool: number, list: ListName): number {
    return this.#pools[pool]!.counts[list];
  }

  /** Index of the pool that contains the address. */
  poolIndex(address: Ipv4): number {
    return this.#pools.findIndex((pool) => pool.contains(address));
  }

  /** The addresses of a list that are not offered, longest on it first. */
  *listed(pool: number, list: ListName): Generator<Ipv4> {
    const { lists, range } = this.#pools[pool]!;
    for (const slot of lists[list].slots()) yield range.first + slot;
  }

  /** Moves the address to the end of its list, so that others are looked at next. */
  moveBack(address: Ipv4): void {
    const pool = this.#poolOf(address);
    const list = LIST_OF[this.get(address).status];
    const slot = pool && address - pool.range.first;
    if (!pool || !list || !pool.lists[list].has(slot!)) return;
    pool.lists[list].remove(slot!);
    pool.lists[list].push(slot!);
  }

  set(binding: Binding): void {
    const { address } = binding;
    const before = this.#byAddress.get(address);
    this.#journal.push({ address, before });
    this.#leave(before ?? neverUsed(address));
    this.#byAddress.set(address, binding);
    this.#enter(binding);
  }

  offered(address: Ipv4): void {
    this.#offered.add(address);
    const pool = this.#poolOf(address);
    const list = LIST_OF[this.get(address).status];
    if (pool && list) pool.lists[list].remove(address - pool.range.first);
  }

  offerEnded(address: Ipv4): void {
    if (!this.#offered.delete(address)) return;
    const pool = this.#poolOf(address);
    const list = LIST_OF[this.get(address).status];
    if (pool && list) pool.lists[list].push(address - pool.range.first);
  }

  /** Leases and quarantines that are over by `now`, at most `limit`. `overAt` returns when one is over. */
  takeDue(now: Seconds, limit: number, overAt: (binding: Binding) => Seconds): Binding[] {
    const endOf = (address: Ipv4) => {
      const binding = this.get(address);
      return hasEnd(binding) ? overAt(binding) * MICROS_PER_SECOND : undefined;
    };
    return this.#expiry.takeDue(now * MICROS_PER_SECOND, limit, endOf).map((address) => this.get(address));
  }

  /** A point to which {@link rollback} goes back. */
  savepoint(): number {
    return this.#journal.length;
  }

  /** The bindings changed since the last {@link commit}, each once, in their present form. */
  changed(): Binding[] {
    return [...new Set(this.#journal.map(({ address }) => address))].map((address) => this.get(address));
  }

  get hasChanges(): boolean {
    return this.#journal.length > 0;
  }

  /** The changes are stored. */
  commit(): void {
    this.#journal = [];
  }

  /** Undoes the changes since the savepoint. */
  rollback(savepoint = 0): void {
    for (const { address, before } of this.#journal.splice(savepoint).reverse()) {
      this.#leave(this.get(address));
      if (before) this.#byAddress.set(address, before);
      else this.#byAddress.delete(address);
      this.#enter(this.get(address));
    }
  }

  #enter(binding: Binding): void {
    const { address, status } = binding;
    const pool = this.#poolOf(address)!;
    const list = LIST_OF[status];
    if (list) {
      pool.counts[list] += 1;
      if (!this.#offered.has(address)) pool.lists[list].push(address - pool.range.first);
    }
    if (binding.pending) this.#pending.add(address);
    if (hasEnd(binding)) this.#expiry.add(address, binding.ends * MICROS_PER_SECOND);
  }

  #leave(binding: Binding): void {
    const { address, status } = binding;
    const pool = this.#poolOf(address)!;
    const list = LIST_OF[status];
    if (list) {
      pool.counts[list] -= 1;
      pool.lists[list].remove(address - pool.range.first);
    }
    this.#pending.delete(address);
  }

  #poolOf(address: Ipv4): SharedPool | undefined {
    for (const pool of this.#pools) if (pool.contains(address)) return pool;
    return undefined;
  }
}

function hasEnd(binding: Binding): boolean {
  return binding.status === 'ACTIVE' || binding.status === 'ABANDONED';
}
