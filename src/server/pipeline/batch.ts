import type { Micros } from '../../base/time.js';
import type { EventDraft } from '../../ledger/event/event.js';
import type { Lease } from '../leases/lease.js';
import type { LeaseTable } from '../leases/table.js';
import type { Pairs } from '../pair/pairs.js';
import type { ServerStore } from '../store/server-store.js';
import type { DirectRequests } from '../v4/direct-requests.js';
import type { Unstored } from './unstored.js';

/** What in memory a batch changes, and where it is stored. */
export interface BatchState {
  readonly store: ServerStore;
  readonly leases: LeaseTable;
  readonly direct: DirectRequests;
  readonly pairs: Pairs;
  readonly unstored: Unstored;
}

/** The one time of everything that a batch decides. */
export interface BatchTime {
  /** The wall clock. */
  readonly wall: Micros;
  /** Steady time, by which leases, offers and quarantines end. */
  readonly steady: Micros;
  /** The `at` of its events: never before that of the last event. */
  readonly at: Micros;
}

/** A point within a batch to go back to. */
export interface Savepoint {
  readonly events: number;
  readonly leases: number;
  readonly pairs: readonly number[];
}

/**
 * What is decided from one commit to the next: its time, its events, and the changes that it made to leases, pairs and direct requests
 * since it began. They are made in memory at once, and become durable together with {@link commit} or are undone by {@link rollback}.
 *
 * There is one batch at a time: the next one begins after this one ended. Savepoints of the lease table count all changes ever made, so that
 * rolling back a batch can also undo what was decided on top of it; commits of stacked batches need an end savepoint as well.
 */
export class Batch {
  readonly time: BatchTime;
  readonly events: EventDraft[] = [];
  readonly #state: BatchState;
  readonly #begin: Savepoint;

  constructor(state: BatchState, time: BatchTime) {
    this.#state = state;
    this.time = time;
    this.#begin = this.savepoint();
  }

  /** The leases that it changed, each once, as they are now. */
  get changedLeases(): readonly Lease[] {
    return this.#state.leases.changedSince(this.#begin.leases);
  }

  /** True if a commit would store nothing. */
  get isEmpty(): boolean {
    const { leases, unstored, pairs } = this.#state;
    const isUnchanged = this.events.length === 0 && leases.savepoint() === this.#begin.leases;
    return isUnchanged && !unstored.isDue(this.time.steady) && !pairs.unsaved();
  }

  savepoint(): Savepoint {
    const { leases, pairs } = this.#state;
    return { events: this.events.length, leases: leases.savepoint(), pairs: pairs.savepoint() };
  }

  /** Undoes what was decided since the savepoint: one request failed, the others stand. */
  rollbackTo({ events, leases, pairs }: Savepoint): void {
    this.#state.leases.rollback(leases);
    this.#state.pairs.rollback(pairs);
    this.events.length = events;
  }

  /**
   * Makes everything durable in one commit, with what earlier batches left unstored.
   * @param isRunning false for the last batch of a server that ends cleanly
   * @throws QueueWriteError if it failed: call {@link rollback} or {@link acceptUnstored}
   */
  commit(isRunning = true): void {
    const { store, leases, pairs, unstored } = this.#state;
    const { at } = this.time;
    const events = unstored.eventsWith(this.events, at);
    const changed = unstored.leasesWith(this.changedLeases, leases);
    store.commit({ events, leases: changed, pairs: pairs.unsaved() }, at, isRunning);
    unstored.stored();
    this.#accept();
  }

  /** Undoes everything that was decided; partners are left alone until the next batch. */
  rollback(): void {
    this.#state.leases.rollback(this.#begin.leases);
    this.#state.direct.rollback();
    this.#state.pairs.failed();
  }

  /** The commit failed, but the answers leave all the same: leases stay as decided, only the pairs go back. */
  acceptUnstored(): void {
    this.#accept();
    this.#state.pairs.failed();
  }

  #accept(): void {
    this.#state.leases.commit();
    this.#state.direct.commit();
  }
}
