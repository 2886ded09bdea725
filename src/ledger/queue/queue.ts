import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/errors.js';
import { inodeOf } from '../../base/files.js';
import type { SqliteDatabase, SqliteStatement } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import { genesisHash, sealEvent } from '../event/encoding.js';
import type { EventDraft, LedgerEvent } from '../event/event.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import type { Introduction } from '../proof/introduction.js';
import { damagedQueue, QueueError, QueueWriteError } from './errors.js';
import { acquireLock, type Lock, ownerLockPath } from './lock.js';
import { readPosition } from './position.js';
import {
  deleteCheckpoints,
  insertCheckpoint,
  insertIntroduction,
  introductions,
  newestCheckpoint,
} from './proof-rows.js';
import { LOG_ONLY, openQueueFile, type QueueKind } from './schema.js';

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

/** What the file says about the writer before this one. */
export interface PreviousWriter {
  /** It did not end cleanly. */
  readonly running: boolean;
  /** When it was last seen up. */
  readonly aliveAt: Micros;
  /** There was none. */
  readonly isNew: boolean;
  /** UUID of the queue that this one replaced; null once this one has events. */
  readonly replaced: string | null;
}

export interface AppendOptions {
  /** Writes the owner's tables in the same transaction, before the events. If it throws, nothing is stored. */
  readonly alsoWrite?: (db: SqliteDatabase) => void;
  /** False for the last commit of a writer that ends cleanly. Default true. */
  readonly isRunning?: boolean;
}

type Sealed = ReturnType<typeof sealEvent>;
type Write = (events: readonly Sealed[], isRunning: boolean, alsoWrite: AppendOptions['alsoWrite']) => void;

/** Deleting in small steps keeps a commit short. */
const DELETE_BATCH = 500;

/**
 * An append-only log of events in one SQLite file, for the one program that writes it. A commit gives its events the next sequences,
 * the chain's hashes and one time, which never decreases; what its owner keeps in tables of its own is stored with them or not at all
 * (promise P1).
 */
export class Queue {
  readonly uuid: string;
  readonly file: string;
  /** As found when the file was opened. */
  readonly previous: PreviousWriter;
  /** The open file, for the tables of the owner. Write to it in {@link AppendOptions.alsoWrite} only, or where no event belongs to it. */
  readonly db: SqliteDatabase;
  readonly #lock: Lock;
  readonly #inode: number | undefined;
  readonly #server: string;
  readonly #owner: string;
  readonly #write: Write;
  #sequence: number;
  #hash: Uint8Array;
  #at: Micros;

  private constructor(file: string, db: SqliteDatabase, lock: Lock, owner: string, row: QueueRow) {
    this.file = file;
    this.db = db;
    this.#lock = lock;
    this.#inode = inodeOf(file);
    this.uuid = row.uuid;
    this.#server = row.server;
    this.#owner = owner;
    // A queue that replaced another one has a past before its first event, but not one of its own
    const replaced = row.sequence === 0 ? row.replaces : null;
    const isNew = row.sequence === 0 && replaced === null;
    this.previous = { running: row.running === 1, aliveAt: row.alive_at, isNew, replaced };
    this.#sequence = row.sequence;
    this.#hash = row.hash;
    // The writer before was up at alive_at: no event of this one may be earlier
    this.#at = Math.max(row.at, row.sequence === 0 ? 0 : row.alive_at);
    this.#write = this.#writer();
  }

  /**
   * Opens the queue for its writer, and makes it if it does not exist.
   * @param server name of the writer (`server.name`, or that of a source); belongs to the file from its first opening on
   * @param kind which tables its owner has in it
   * @throws UsageError if another program writes it; QueueError if the file is damaged, newer, of another kind or of another name
   */
  static open(file: string, server: string, now: Micros, kind: QueueKind = LOG_ONLY): Queue {
    const db = openQueueFile(file, kind);
    let lock: Lock | undefined;
    try {
      lock = acquireLock(ownerLockPath(file), kind.owner);
      return new Queue(file, db, lock, kind.owner, readOrMakeHead(db, file, server, now));
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

  /** Time of the next commit: the clock's, never before the last event's. */
  nextTime(now: Micros): Micros {
    return Math.max(now, this.#at);
  }

  /**
   * Stores events, and what {@link AppendOptions.alsoWrite} writes, in one durable transaction.
   * @throws QueueWriteError if it failed; the queue is as before. Also if the file was removed or moved away, because what is written
   * to it then is lost with this process.
   */
  append(
    drafts: readonly EventDraft[],
    now: Micros,
    { alsoWrite, isRunning = true }: AppendOptions = {},
  ): LedgerEvent[] {
    this.#checkInPlace();
    const at = this.nextTime(now);
    const sealed = this.#seal(drafts, at);
    try {
      this.#write(sealed, isRunning, alsoWrite);
    } catch (error) {
      throw new QueueWriteError(`Queue ${this.file} cannot be written: ${messageOf(error)}`, {
        hint: 'free space on its disk or repair it; every further commit tries again',
        cause: error,
      });
    }
    const last = sealed.at(-1)?.event;
    if (last) {
      this.#sequence = last.sequence;
      this.#hash = last.hash;
      this.#at = at;
    }
    return sealed.map((one) => one.event);
  }

  #seal(drafts: readonly EventDraft[], at: Micros): Sealed[] {
    let sequence = this.#sequence;
    let hash = this.#hash;
    return drafts.map((draft) => {
      sequence += 1;
      const one = sealEvent({ queue: this.uuid, sequence, at, ...draft }, hash);
      hash = one.event.hash;
      return one;
    });
  }

  #writer(): Write {
    const insertEvent: SqliteStatement = this.db.prepare(
      'INSERT INTO events (sequence, encoded, hash) VALUES (?, ?, ?)',
    );
    const updateHead: SqliteStatement = this.db.prepare(
      'UPDATE queue SET sequence = ?, hash = ?, at = ?, alive_at = max(alive_at, ?), running = ? WHERE id = 1',
    );
    return this.db.transaction((events, isRunning, alsoWrite) => {
      alsoWrite?.(this.db);
      for (const { encoded, event } of events) insertEvent.run(event.sequence, encoded, event.hash);
      const { sequence, hash, at } = events.at(-1)?.event ?? { ...this.head, at: this.#at };
      updateHead.run(sequence, hash, at, at, isRunning ? 1 : 0);
    });
  }

  /** The newest checkpoint of this queue, undefined if there is none. */
  get checkpoint(): Checkpoint | undefined {
    return newestCheckpoint(this.db, this.uuid);
  }

  /** Stores a checkpoint, in a commit of its own. */
  addCheckpoint(checkpoint: Checkpoint): void {
    insertCheckpoint(this.db, checkpoint);
  }

  /** Every key that signed here, oldest first. */
  get keys(): Introduction[] {
    return introductions(this.db, this.#server);
  }

  /** Stores how a key was introduced; does nothing if the key is there already. */
  addKey(introduction: Introduction): void {
    insertIntroduction(this.db, introduction);
  }

  /** Notes that the writer is up: a later gap starts no earlier than `now`. Throws QueueWriteError if the file was moved away. */
  touch(now: Micros): void {
    this.#checkInPlace();
    this.db.prepare('UPDATE queue SET alive_at = max(alive_at, ?) WHERE id = 1').run(now);
  }

  /** Deletes one batch of the events that the shipper noted as shipped, and their checkpoints. Returns the number of events deleted. */
  deleteShipped(): number {
    const { sequence: shipped, checkpoint } = readPosition(this.file, this.uuid);
    deleteCheckpoints(this.db, checkpoint);
    const remove = this.db.prepare(
      'DELETE FROM events WHERE sequence IN (SELECT sequence FROM events WHERE sequence <= ? ORDER BY sequence LIMIT ?)',
    );
    return remove.run(Math.min(shipped, this.#sequence), DELETE_BATCH).changes;
  }

  /** Number of events that are not noted as shipped. */
  depth(): number {
    return this.#sequence - readPosition(this.file, this.uuid).sequence;
  }

  #checkInPlace(): void {
    if (inodeOf(this.file) === this.#inode) return;
    throw new QueueWriteError(`Queue ${this.file} was removed or replaced while the ${this.#owner} runs`, {
      hint: 'put it back, or start again, which begins an empty one',
    });
  }

  close(): void {
    if (this.db.open) this.db.close();
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
