import type { SqliteStatement } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import type { EventDraft, LedgerEvent } from '../../ledger/event/event.js';
import { iteratingQueue, readingQueue } from '../../ledger/queue/errors.js';
import { Queue } from '../../ledger/queue/queue.js';
import type { QueueReader } from '../../ledger/queue/reader.js';
import type { RelationshipRecord } from '../failover/api.js';
import type { Binding } from '../failover/binding.js';
import type { Lease } from '../leases/lease.js';
import type { PackedLease } from '../leases/packed.js';
import {
  forgetShared,
  type PairState,
  pairStateWriter,
  readBindings,
  readRelationships,
  type Sharing,
} from './failover-rows.js';
import { leaseValues, readLeases, readPacked, UPSERT_LEASE } from './lease-rows.js';
import { SERVER_QUEUE } from './tables.js';

/** What one commit stores. */
export interface Changes {
  readonly events: readonly EventDraft[];
  readonly leases: readonly Lease[];
  readonly pairs?: PairState | undefined;
}

/** A DHCP server's queue: its events, and in the same file and the same commits its leases and what its failover pairs remember. */
export class ServerStore {
  readonly queue: Queue;
  readonly #upsertLease: SqliteStatement;
  readonly #writePairs: (state: PairState) => void;

  private constructor(queue: Queue) {
    this.queue = queue;
    this.#upsertLease = queue.db.prepare(UPSERT_LEASE);
    this.#writePairs = pairStateWriter(queue.db);
  }

  /** Opens the queue of the server with this name, as {@link Queue.open} does. */
  static open(file: string, server: string, now: Micros): ServerStore {
    return new ServerStore(Queue.open(file, server, now, SERVER_QUEUE));
  }

  /**
   * Stores leases, pair state and events in one durable transaction.
   * @param isRunning false for the last commit of a server that ends cleanly
   * @throws QueueWriteError if it failed; nothing was stored
   */
  commit({ events, leases, pairs }: Changes, now: Micros, isRunning = true): LedgerEvent[] {
    const alsoWrite = () => {
      if (pairs) this.#writePairs(pairs);
      for (const lease of leases) this.#upsertLease.run(leaseValues(lease));
    };
    return this.queue.append(events, now, { alsoWrite, isRunning });
  }

  /** All leases, ordered by address, one at a time. It may be the same object each time. Throws QueueError. */
  packedLeases(): Generator<PackedLease> {
    return iteratingQueue(this.queue.file, readPacked(this.queue.db));
  }

  /** All bindings of shared addresses, ordered by address, one at a time. Throws QueueError. */
  bindings(): Generator<Binding> {
    return iteratingQueue(this.queue.file, readBindings(this.queue.db));
  }

  /** The records of all relationships, ordered by name. Throws QueueError. */
  relationships(): RelationshipRecord[] {
    return readingQueue(this.queue.file, () => readRelationships(this.queue.db));
  }

  /** See {@link forgetShared}. */
  forgetShared(isConfigured: (name: string) => boolean, sharingOf: (address: number) => Sharing): number {
    return forgetShared(this.queue.db, isConfigured, sharingOf);
  }

  close(): void {
    this.queue.close();
  }
}

/** All leases in a server's queue, for everybody but the server, ordered by address. Throws QueueError. */
export function leasesOf(reader: QueueReader): Generator<Lease> {
  return iteratingQueue(reader.file, readLeases(reader.db));
}
