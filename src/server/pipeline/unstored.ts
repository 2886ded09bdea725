import { messageOf } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { EventDraft } from '../../ledger/event/event.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { Logger } from '../../operate/log/logger.js';
import type { Lease } from '../leases/lease.js';
import type { LeaseTable } from '../leases/table.js';
import { serverEvent } from './server-event.js';

/** How often a queue that failed is tried again while no request does it. */
const RETRY: Micros = 1 * MICROS_PER_SECOND;

/** A commit that failed. */
export interface FailedCommit {
  readonly error: unknown;
  /** The `at` of its events. */
  readonly at: Micros;
  readonly steady: Micros;
  readonly onFailure: 'refuse' | 'serve';
  /** Requests that it was to answer. */
  readonly requests: number;
  readonly leases: readonly Lease[];
}

/**
 * What is still to be stored, and goes into the next commit that works: events of the server itself, leases that were answered without a
 * record, and the outage of the queue itself.
 */
export class Unstored {
  readonly #server: string;
  readonly #logger: Logger;
  #events: EventDraft[] = [];
  readonly #leases = new Set<Ipv4>();
  /** Begin of the outage, if there is one. */
  #since: Micros | undefined;
  #tried: Micros = 0;
  #refused = 0;
  #answered = 0;

  /** @param server name for the events */
  constructor(server: string, logger: Logger) {
    this.#server = server;
    this.#logger = logger;
  }

  /** Adds an event of the server itself to the next commit. */
  add(event: EventDraft): void {
    this.#events.push(event);
  }

  /** True if a commit is due though a batch has nothing to store. `steady`: now. */
  isDue(steady: Micros): boolean {
    return this.#events.length > 0 || (this.#since !== undefined && steady - this.#tried >= RETRY);
  }

  /** The events of a commit: the outage, what earlier batches left, then these. */
  eventsWith(events: readonly EventDraft[], at: Micros): readonly EventDraft[] {
    if (this.#since === undefined && this.#events.length === 0) return events;
    if (this.#since === undefined) return [...this.#events, ...events];
    const detail = `queue not writable: ${this.#refused} requests refused, ${this.#answered} answered without a record`;
    const outage = serverEvent('queue-refused', this.#server, detail, { from: this.#since, to: at });
    return [outage, ...this.#events, ...events];
  }

  /** The leases of a commit: these, and those that earlier batches left, as they are now. */
  leasesWith(changed: readonly Lease[], table: LeaseTable): readonly Lease[] {
    if (this.#leases.size === 0) return changed;
    const addresses = new Set([...this.#leases, ...changed.map((lease) => lease.address)]);
    return [...addresses].flatMap((address) => table.get(address) ?? []);
  }

  /** A commit failed: the outage begins, or goes on. */
  noteFailure({ error, at, steady, onFailure, requests, leases }: FailedCommit): void {
    this.#since ??= at;
    this.#tried = steady;
    if (onFailure === 'serve') {
      this.#answered += requests;
      for (const lease of leases) this.#leases.add(lease.address);
    } else {
      this.#refused += requests;
    }
    this.#logger.limited('queue-write-failed', { error: messageOf(error), policy: onFailure });
  }

  /** A commit worked: all is stored, and the outage is over. */
  stored(): void {
    this.#events = [];
    if (this.#since === undefined) return;
    this.#logger.log('queue-recovered', { refused: this.#refused, answered: this.#answered });
    this.#since = undefined;
    this.#refused = 0;
    this.#answered = 0;
    this.#leases.clear();
  }
}
