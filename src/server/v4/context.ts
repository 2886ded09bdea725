import type { Micros } from '../../base/time.js';
import type { EventDraft } from '../../ledger/event/event.js';
import type { Logger } from '../../operate/log/logger.js';
import type { LeaseTable } from '../leases/table.js';
import type { Pair } from '../pair/pair.js';
import type { ServerSettings } from '../settings.js';
import type { DirectRequests } from './direct-requests.js';
import type { Topology } from './topology.js';

/** All that a decision about a request may read and change. One for each batch. */
export interface DecisionContext {
  readonly settings: ServerSettings;
  readonly topology: Topology;
  readonly leases: LeaseTable;
  readonly direct: DirectRequests;
  /** Finds the relationship that shares an address with a partner. */
  readonly pairs: { of(address: number): Pair | undefined };
  /** Steady time, by which leases, offers and quarantines end. */
  readonly now: Micros;
  /** The `at` of this batch's events: the wall clock, but never before the last event's. */
  readonly at: Micros;
  /** Adds an event to the batch's commit. */
  record(event: EventDraft): void;
  /** Logs what a client can provoke, at a limited rate. */
  readonly warn: Logger['limited'];
}
