import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import { inodeOf, isMissing } from '../../base/files.js';
import { Sqlite, type SqliteDatabase, type SqliteStatement } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import type { Lease } from '../../server/leases/lease.js';
import { readLeases } from '../../server/store/lease-rows.js';
import { readStored, type StoredEvent } from '../event/stored-event.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import type { Introduction } from '../proof/introduction.js';
import { damagedQueue, iteratingQueue, QueueError, readingQueue } from './errors.js';
import { readPosition, writePosition } from './position.js';
import { checkpointsAfter, introductions, type NumberedCheckpoint, newestCheckpoint } from './proof-rows.js';
import { QUEUE_SCHEMA } from './schema.js';

/**
 * A page of events as one blob: of a blob for each of them the making, and the garbage, cost more than all the rest. SQLite joins the bytes
 * as if they were text, and looks into none of it.
 */
const READ_PAGE = `
  SELECT CAST(group_concat(encoded || hash, '') AS BLOB)
  FROM (SELECT encoded, hash FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?)`;

/**
 * The queue file as everybody but its server sees it: read only, in short reads, so that neither a slow nor a stopped reader
 * ever holds up a commit or keeps the WAL from being emptied.
 */
export class QueueReader {
  readonly file: string;
  readonly uuid: string;
  readonly server: string;
  readonly #db: SqliteDatabase;
  readonly #read: SqliteStatement;
  readonly #inode: number | undefined;

  private constructor(file: string, db: SqliteDatabase) {
    this.file = file;
    this.#db = db;
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

  /** True once a server has made the queue; a file that it is just making is none yet. Says nothing about damage. */
  static exists(file: string): boolean {
    if (!existsSync(file)) return false;
    let db: SqliteDatabase | undefined;
    try {
      db = connect(file);
      const tables = db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as { n: number };
      if (tables.n === 0) return false;
      return db.pragma('user_version', { simple: true }) !== QUEUE_SCHEMA || headOf(db) !== undefined;
    } catch {
      // What is wrong with the file is told by who opens it.
      return true;
    } finally {
      db?.close();
    }
  }

  /** True if the file was moved away or another put in its place: what is read here is not the server's queue any more. */
  isReplaced(): boolean {
    return inodeOf(this.file) !== this.#inode;
  }

  /** @throws QueueError if the file is missing, newer, damaged, or has not been used by a server yet. */
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
   * Where shipping stands: the last event and the number of the last checkpoint shipped as far as the note says, the last
   * event there is, and its time (null if none).
   */
  position(): { shipped: number; shippedHash: Buffer; checkpoint: number; last: number; lastAt: Micros | null } {
    const head = readingQueue(this.file, () => this.#db.prepare('SELECT sequence, at FROM queue').get()) as {
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

  /** Checkpoints after number `after` that are about no event after `sequence`, in the order of signing. */
  checkpoints(after: number, sequence: number): NumberedCheckpoint[] {
    return readingQueue(this.file, () => checkpointsAfter(this.#db, this.uuid, after, sequence));
  }

  /** The newest checkpoint, undefined if there is none. */
  newestCheckpoint(): Checkpoint | undefined {
    return readingQueue(this.file, () => newestCheckpoint(this.#db, this.uuid));
  }

  /** Every key that signed here, oldest first. */
  keys(): Introduction[] {
    return readingQueue(this.file, () => introductions(this.#db, this.server));
  }

  /**
   * Notes that all events up to `sequence`, and the checkpoints up to number `checkpoint`, are in the trail; the server
   * deletes them in its own time.
   */
  markShipped(sequence: number, hash: Uint8Array, checkpoint: number): void {
    writePosition(this.file, this.uuid, { sequence, hash: Buffer.from(hash).toString('hex'), checkpoint });
  }

  /** Number of events that are not noted as shipped. */
  depth(): number {
    const { last, shipped } = this.position();
    return last - shipped;
  }

  /** All leases, ordered by address. */
  leases(): Generator<Lease> {
    return iteratingQueue(this.file, readLeases(this.#db));
  }

  close(): void {
    if (this.#db.open) this.#db.close();
  }
}

function connect(file: string): SqliteDatabase {
  const db = new Sqlite(file, { fileMustExist: true });
  db.pragma('query_only = ON');
  db.pragma('busy_timeout = 5000');
  return db;
}

/** The identity of the queue; undefined while no server has used it. */
function headOf(db: SqliteDatabase): { uuid: string; server: string } | undefined {
  return db.prepare('SELECT uuid, server FROM queue').get() as { uuid: string; server: string } | undefined;
}
