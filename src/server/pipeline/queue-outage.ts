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

/** The time in which the queue could not be written, until an event of its own has recorded it. */
export class QueueOutage {
  readonly #logger: Logger;
  #since: Micros | undefined;
  #tried: Micros = 0;
  #refused = 0;
  #answered = 0;
  /** Leases that were answered without a record and are to be stored with the first commit that works. */
  readonly #unsaved = new Set<Ipv4>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** True if there is an outage and it is time to see whether it is over. */
  isOver(steady: Micros): boolean {
    return this.#since !== undefined && steady - this.#tried >= RETRY;
  }

  /** The leases of a commit with those that an earlier one could not store. */
  unsaved(changed: Lease[], table: LeaseTable): Lease[] {
    if (this.#unsaved.size === 0) return changed;
    const addresses = new Set([...this.#unsaved, ...changed.map((lease) => lease.address)]);
    return [...addresses].flatMap((address) => table.get(address) ?? []);
  }

  /** The events of a commit, with the one that records the outage before them. */
  preface(server: string, events: EventDraft[], now: Micros): EventDraft[] {
    if (this.#since === undefined) return events;
    const detail = `queue not writable: ${this.#refused} requests refused, ${this.#answered} answered without a record`;
    return [serverEvent('queue-refused', server, detail, { from: this.#since, to: now }), ...events];
  }

  /** A commit failed; `requests` were in it. */
  note(
    error: unknown,
    now: { at: Micros; steady: Micros },
    onFailure: 'refuse' | 'serve',
    requests: number,
    changed: Lease[],
  ): void {
    this.#since ??= now.at;
    this.#tried = now.steady;
    if (onFailure === 'serve') {
      this.#answered += requests;
      for (const lease of changed) this.#unsaved.add(lease.address);
    } else {
      this.#refused += requests;
    }
    this.#logger.limited('queue-write-failed', { error: messageOf(error), policy: onFailure });
  }

  /** A commit worked: if there was an outage, it is recorded now. */
  end(): void {
    if (this.#since === undefined) return;
    this.#logger.log('queue-recovered', { refused: this.#refused, answered: this.#answered });
    this.#since = undefined;
    this.#refused = 0;
    this.#answered = 0;
    this.#unsaved.clear();
  }
}
