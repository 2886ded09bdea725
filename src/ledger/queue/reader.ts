import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import { inodeOf, isMissing } from '../../base/files.js';
import { Sqlite, type SqliteDatabase, type SqliteStatement } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import { readStored, type StoredEvent } from '../event/stored-event.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import type { Introduction } from '../proof/introduction.js';
import { damagedQueue, QueueError, readingQueue } from './errors.js';
import { readPosition, writePosition } from './position.js';
import { checkpointsAfter, introductions, type NumberedCheckpoint, newestCheckpoint } from './proof-rows.js';
import { QUEUE_SCHEMA } from './schema.js';

/**
 * Reads a page of events as one blob: a blob for each event would dominate the cost. SQLite joins the bytes as if they were text and does
 * not interpret them.
 */
const READ_PAGE = `
  SELECT CAST(group_concat(encoded || hash, '') AS BLOB)
  FROM (SELECT encoded, hash FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?)`;

/**
 * The queue file for everybody but its writer: read only, in short reads, so that a slow or stopped reader never delays a commit and
 * never keeps the WAL from being emptied.
 */
export class QueueReader {
  readonly file: string;
  readonly uuid: string;
  readonly server: string;
  /** The open file, read only, for the tables of the queue's owner. */
  readonly db: SqliteDatabase;
  readonly #read: SqliteStatement;
  readonly #inode: number | undefined;

  private constructor(file: string, db: SqliteDatabase) {
    this.file = file;
    this.db = db;
    this.#inode = inodeOf(file);
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version !== QUEUE_SCHEMA) {
      throw new QueueError(`Queue ${file} has schema ${version}, this Portledger knows ${QUEUE_SCHEMA}`, {
        hint: version > QUEUE_SCHEMA ? 'run the newer Portledger that wrote it' : 'start the server on it first',
      });
    }
    const head = headOf(db);
    if (!head)
      throw new QueueError(`Queue ${file} was never used by a server`, { hint: 'start the server on it first' });
    this.uuid = head.uuid;
    this.server = head.server;
    this.#read = db.prepare(READ_PAGE).pluck();
  }

  /** True once a writer has made the queue; a file that is just being made is none yet. A damaged file counts: open() names the damage. */
  static exists(file: string): boolean {
    if (!existsSync(file)) return false;
    let db: SqliteDatabase | undefined;
    try {
      db = connect(file);
      const tables = db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as { n: number };
      if (tables.n === 0) return false;
      return db.pragma('user_version', { simple: true }) !== QUEUE_SCHEMA || headOf(db) !== undefined;
    } catch {
      return true;
    } finally {
      db?.close();
    }
  }

  /** True if the file was moved away or replaced: what is read here is no longer the writer's queue. */
  isReplaced(): boolean {
    return inodeOf(this.file) !== this.#inode;
  }

  /** @throws QueueError if the file is missing, older, newer, damaged, or has no writer yet */
  static open(file: string): QueueReader {
    if (isMissing(file))
      throw new QueueError(`Queue ${file} does not exist`, { hint: 'start the server, which makes it' });
    let db: SqliteDatabase | undefined;
    try {
      db = connect(file);
      return new QueueReader(file, db);
    } catch (error) {
      db?.close();
      const fault = damagedQueue(file, error);
      if (fault instanceof QueueError) throw fault;
      throw new QueueError(`Queue ${file} cannot be read: ${messageOf(error)}`, {
        hint: 'check queue.file and its owner, and run this as the user that the server runs as, or as root',
        cause: error,
      });
    }
  }

  /**
   * How far shipping is. `shipped`, `shippedHash`, `checkpoint`: the last event and checkpoint that are noted as shipped. `last`,
   * `lastAt`: the last event of the queue and its time (0 and null if there is none).
   */
  position(): { shipped: number; shippedHash: Buffer; checkpoint: number; last: number; lastAt: Micros | null } {
    const head = readingQueue(this.file, () => this.db.prepare('SELECT sequence, at FROM queue').get()) as {
      sequence: number;
      at: number;
    };
    const note = readPosition(this.file, this.uuid);
    return {
      shipped: note.sequence,
      shippedHash: Buffer.from(note.hash, 'hex'),
      checkpoint: note.checkpoint,
      last: head.sequence,
      lastAt: head.sequence > 0 ? head.at : null,
    };
  }

  /**
   * Up to `limit` events after sequence `after`, in order.
   * @throws EventEncodingError if a stored event is damaged.
   */
  read(after: number, limit: number): StoredEvent[] {
    const page = readingQueue(this.file, () => this.#read.get(after, limit)) as Buffer | null;
    return page === null ? [] : readStored(page);
  }

  /** Checkpoints after number `after` and up to event `sequence`, in the order of signing; at most 1000. */
  checkpoints(after: number, sequence: number): NumberedCheckpoint[] {
    return readingQueue(this.file, () => checkpointsAfter(this.db, this.uuid, after, sequence));
  }

  /** The newest checkpoint, undefined if there is none. */
  newestCheckpoint(): Checkpoint | undefined {
    return readingQueue(this.file, () => newestCheckpoint(this.db, this.uuid));
  }

  /** Every key that signed here, oldest first. */
  keys(): Introduction[] {
    return readingQueue(this.file, () => introductions(this.db, this.server));
  }

  /**
   * Notes that all events up to `sequence`, and all checkpoints up to number `checkpoint`, are in the trail; the queue's writer deletes
   * them later. Throws QueueWriteError.
   */
  markShipped(sequence: number, hash: Uint8Array, checkpoint: number): void {
    writePosition(this.file, this.uuid, { sequence, hash: Buffer.from(hash).toString('hex'), checkpoint });
  }

  /** Number of events that are not noted as shipped. */
  depth(): number {
    const { last, shipped } = this.position();
    return last - shipped;
  }

  close(): void {
    if (this.db.open) this.db.close();
  }
}

function connect(file: string): SqliteDatabase {
  const db = new Sqlite(file, { fileMustExist: true });
  db.pragma('query_only = ON');
  db.pragma('busy_timeout = 5000');
  return db;
}

/** The identity of the queue; undefined before its first writer. */
function headOf(db: SqliteDatabase): { uuid: string; server: string } | undefined {
  return db.prepare('SELECT uuid, server FROM queue').get() as { uuid: string; server: string } | undefined;
}
