import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/errors.js';
import { inodeOf } from '../../base/files.js';
import type { SqliteDatabase, SqliteStatement } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import type { RelationshipRecord } from '../../server/failover/api.js';
import type { Binding } from '../../server/failover/binding.js';
import type { Lease } from '../../server/leases/lease.js';
import type { PackedLease } from '../../server/leases/packed.js';
import {
  forgetShared,
  readBindings,
  readRelationships,
  type SharedState,
  type Sharing,
  sharedStateWriter,
} from '../../server/store/failover-rows.js';
import { leaseValues, readPacked, UPSERT_LEASE } from '../../server/store/lease-rows.js';
import { genesisHash, sealEvent } from '../event/encoding.js';
import type { EventDraft, LedgerEvent } from '../event/event.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import type { Introduction } from '../proof/introduction.js';
import { damagedQueue, iteratingQueue, QueueError, QueueWriteError, readingQueue } from './errors.js';
import { acquireLock, type Lock, serverLockPath } from './lock.js';
import { readPosition } from './position.js';
import {
  deleteCheckpoints,
  insertCheckpoint,
  insertIntroduction,
  introductions,
  newestCheckpoint,
} from './proof-rows.js';
import { openQueueFile } from './schema.js';

interface QueueRow {
  uuid: string;
  server: string;
  created_at: number;
  sequence: number;
  hash: Buffer;
  at: number;
  alive_at: number;
  running: number;
  replaces: string | null;
}

/** Deleting in small steps keeps a commit short. */
const DELETE_BATCH = 500;

/**
 * The server's side of the queue file: one transaction stores leases and events together (promise P1), gives the events their
 * sequence and hash, and never lets `at` decrease.
 */
export class Queue {
  readonly uuid: string;
  readonly file: string;
  /** What the file said when it was opened: whether the server before this one ended cleanly, and when it was last seen up. */
  readonly previous: { running: boolean; aliveAt: Micros; isNew: boolean; replaced: string | null };
  readonly #db: SqliteDatabase;
  readonly #lock: Lock;
  readonly #inode: number | undefined;
  readonly #server: string;
  readonly #upsertLease: SqliteStatement;
  readonly #insertEvent: SqliteStatement;
  readonly #updateHead: SqliteStatement;
  readonly #write: (
    leases: readonly Lease[],
    events: readonly { encoded: Buffer; event: LedgerEvent }[],
    running: boolean,
    shared: SharedState | undefined,
  ) => void;
  #sequence: number;
  #hash: Uint8Array;
  #at: Micros;

  private constructor(file: string, db: SqliteDatabase, lock: Lock, row: QueueRow) {
    this.file = file;
    this.#db = db;
    this.#lock = lock;
    this.#inode = inodeOf(file);
    this.uuid = row.uuid;
    this.#server = row.server;
    // Before its first event a queue that replaced another one knows of a past that is not its own
    const replaced = row.sequence === 0 ? row.replaces : null;
    const isNew = row.sequence === 0 && replaced === null;
    this.previous = { running: row.running === 1, aliveAt: row.alive_at, isNew, replaced };
    this.#sequence = row.sequence;
    this.#hash = row.hash;
    // The server before was up at alive_at, so no event of this one may carry an earlier time
    this.#at = Math.max(row.at, row.sequence === 0 ? 0 : row.alive_at);
    this.#upsertLease = db.prepare(UPSERT_LEASE);
    this.#insertEvent = db.prepare('INSERT INTO events (sequence, encoded, hash) VALUES (?, ?, ?)');
    this.#updateHead = db.prepare(
      'UPDATE queue SET sequence = ?, hash = ?, at = ?, alive_at = max(alive_at, ?), running = ? WHERE id = 1',
    );
    const writeShared = sharedStateWriter(db);
    this.#write = db.transaction((leases, events, running, shared) => {
      if (shared) writeShared(shared);
      for (const lease of leases) this.#upsertLease.run(leaseValues(lease));
      for (const { encoded, event } of events) this.#insertEvent.run(event.sequence, encoded, event.hash);
      const head = events.at(-1)?.event;
      this.#updateHead.run(
        head?.sequence ?? this.#sequence,
        head?.hash ?? this.#hash,
        head?.at ?? this.#at,
        Math.max(head?.at ?? this.#at, this.#at),
        running ? 1 : 0,
      );
    });
  }

  /**
   * Opens the queue for the one server that may write it.
   * @throws UsageError if another server runs on it, QueueError if the file is damaged, newer, or another server's.
   */
  static open(file: string, server: string, now: Micros): Queue {
    const db = openQueueFile(file);
    let lock: Lock | undefined;
    try {
      lock = acquireLock(serverLockPath(file), 'server');
      return new Queue(file, db, lock, readOrMakeHead(db, file, server, now));
    } catch (error) {
      lock?.release();
      db.close();
      throw damagedQueue(file, error);
    }
  }

  /** Number of the last event, 0 if there is none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The `at` of the last event. */
  get at(): Micros {
    return this.#at;
  }

  /** The last event's sequence and hash, which a checkpoint signs. */
  get head(): { sequence: number; hash: Uint8Array } {
    return { sequence: this.#sequence, hash: this.#hash };
  }

  /** The time that a commit made now would carry: the clock's, held where the clock stepped back. */
  hold(now: Micros): Micros {
    return Math.max(now, this.#at);
  }

  /** Reads all leases, one at a time: it may be the same object again and again. */
  packedLeases(): Generator<PackedLease> {
    return iteratingQueue(this.file, readPacked(this.#db));
  }

  /** What was stored of pairs, for the server that starts: the bindings, one at a time, and the records of relationships. */
  get shared(): { bindings: () => Generator<Binding>; records: RelationshipRecord[] } {
    const { file } = this;
    const records = readingQueue(file, () => readRelationships(this.#db));
    return { bindings: () => iteratingQueue(file, readBindings(this.#db)), records };
  }

  /** Forgets what is stored of relationships and addresses that are shared no longer. */
  forgetShared(isConfigured: (name: string) => boolean, sharingOf: (address: number) => Sharing): number {
    return forgetShared(this.#db, isConfigured, sharingOf);
  }

  /**
   * Stores leases, what pairs remember, and events in one durable transaction. The events get the next sequences, the chain's hashes and one `at`.
   * @throws QueueWriteError if it did not happen; the queue is as before. So it is if the file was removed or moved away: what is written
   * there would be gone with this process.
   */
  commit(
    leases: readonly Lease[],
    drafts: readonly EventDraft[],
    now: Micros,
    running = true,
    shared?: SharedState,
  ): LedgerEvent[] {
    this.#checkInPlace();
    const at = this.hold(now);
    let sequence = this.#sequence;
    let hash = this.#hash;
    const sealed = drafts.map((draft) => {
      sequence += 1;
      const one = sealEvent({ queue: this.uuid, sequence, at, ...draft }, hash);
      hash = one.event.hash;
      return one;
    });
    try {
      this.#write(leases, sealed, running, shared);
    } catch (error) {
      throw new QueueWriteError(`Queue ${this.file} cannot be written: ${messageOf(error)}`, {
        hint: 'free space on its disk or repair it; the server tries again with every request',
        cause: error,
      });
    }
    this.#sequence = sequence;
    this.#hash = hash;
    if (sealed.length > 0) this.#at = at;
    return sealed.map((one) => one.event);
  }

  /** The newest checkpoint of this queue, undefined if there is none. */
  get checkpoint(): Checkpoint | undefined {
    return newestCheckpoint(this.#db, this.uuid);
  }

  /** Stores a checkpoint, in a commit of its own. */
  addCheckpoint(checkpoint: Checkpoint): void {
    insertCheckpoint(this.#db, checkpoint);
  }

  /** Every key that signed here, oldest first. */
  get keys(): Introduction[] {
    return introductions(this.#db, this.#server);
  }

  /** Stores how a key came to be; once, however often it is told. */
  addKey(introduction: Introduction): void {
    insertIntroduction(this.#db, introduction);
  }

  /** Notes that the server is up, so that a later gap starts no earlier than this. Throws QueueWriteError if the file is not in its place. */
  touch(now: Micros): void {
    this.#checkInPlace();
    this.#db.prepare('UPDATE queue SET alive_at = max(alive_at, ?) WHERE id = 1').run(now);
  }

  /** Deletes events that the shipper has noted as shipped, one batch, and checkpoints. Returns how many events. */
  deleteShipped(): number {
    const { sequence: shipped, checkpoint } = readPosition(this.file, this.uuid);
    deleteCheckpoints(this.#db, checkpoint);
    const remove = this.#db.prepare(
      'DELETE FROM events WHERE sequence IN (SELECT sequence FROM events WHERE sequence <= ? ORDER BY sequence LIMIT ?)',
    );
    return remove.run(Math.min(shipped, this.#sequence), DELETE_BATCH).changes;
  }

  /** Number of events that are not known to be in the trail. */
  depth(): number {
    return this.#sequence - readPosition(this.file, this.uuid).sequence;
  }

  #checkInPlace(): void {
    if (inodeOf(this.file) === this.#inode) return;
    throw new QueueWriteError(`Queue ${this.file} was removed or replaced while the server runs`, {
      hint: 'put it back, or start the server again, which begins a new one without its leases',
    });
  }

  close(): void {
    if (this.#db.open) this.#db.close();
    this.#lock.release();
  }
}

function readOrMakeHead(db: SqliteDatabase, file: string, server: string, now: Micros): QueueRow {
  const read = () => db.prepare('SELECT * FROM queue').get() as QueueRow | undefined;
  const found = read();
  if (found && found.server !== server) {
    throw new QueueError(`Queue ${file} belongs to server "${found.server}", this is "${server}"`, {
      hint: 'give this server a queue.file of its own, or its old server.name',
    });
  }
  if (found) return found;
  const uuid = randomUUID();
  db.prepare(
    'INSERT INTO queue (id, uuid, server, created_at, sequence, hash, at, alive_at, running) VALUES (1, ?, ?, ?, 0, ?, 0, ?, 0)',
  ).run(uuid, server, now, genesisHash(uuid), now);
  return read()!;
}
