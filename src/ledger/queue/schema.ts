import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import { makePrivate } from '../../base/private-file.js';
import { Sqlite, type SqliteDatabase } from '../../base/sqlite.js';
import { damagedQueue, QueueError } from './errors.js';

/** Version of a queue file, kept in SQLite's user_version. Any change of a table, also of an owner's table, makes a new version. */
export const QUEUE_SCHEMA = 5;

/** A kind of queue: who writes it, and which tables this owner keeps in the file beside those of the log. */
export interface QueueKind {
  /** The program that writes it, as errors name it: `server`. */
  readonly owner: string;
  /** The owner's tables, each with the first version of the file that has it. */
  readonly tables: Readonly<Record<string, number>>;
  /** SQL that makes or changes the owner's tables, by the version of the file that it leads to. */
  readonly steps: Readonly<Record<number, string>>;
}

/** A log and nothing else. */
export const LOG_ONLY: QueueKind = { owner: 'program', tables: {}, steps: {} };

/**
 * `queue` has one row: the identity of the queue and the head of its chain. `alive_at` is the last moment at which its writer is
 * known to have been up. `events` holds the canonical encoding, because that is what the hash covers.
 */
const VERSION_1 = `
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL,
    server TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    alive_at INTEGER NOT NULL,
    running INTEGER NOT NULL
  );
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    encoded BLOB NOT NULL,
    hash BLOB NOT NULL
  );
`;

/** Checkpoints in the order of signing, and the keys that signed them. `replaces`: UUID of the queue that was in this file before. */
const VERSION_2 = `
  ALTER TABLE queue ADD COLUMN replaces TEXT;
  CREATE TABLE checkpoints (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    next_within INTEGER NOT NULL,
    signature BLOB NOT NULL
  );
  CREATE TABLE signing_keys (
    key_id TEXT PRIMARY KEY,
    public_key BLOB NOT NULL,
    introduced_at INTEGER NOT NULL,
    introduced_by TEXT,
    signature BLOB
  );
`;

/** The log's own tables; versions that are missing here changed only the tables of an owner. */
const LOG: QueueKind = {
  owner: '',
  tables: { queue: 1, events: 1, checkpoints: 2, signing_keys: 2 },
  steps: { 1: VERSION_1, 2: VERSION_2 },
};

/**
 * Opens the queue file for its writer; makes it if it does not exist, and brings an older one up to date. WAL lets the shipper read
 * while the owner writes. synchronous=FULL makes a commit survive a power cut; NORMAL, the usual choice with WAL, does not.
 * @throws QueueError if the file is damaged, newer, no queue, or a queue of another kind; it is unchanged then
 */
export function openQueueFile(file: string, kind: QueueKind): SqliteDatabase {
  try {
    // Before anything is changed: the file may have been named by mistake
    if (existsSync(file)) checkFile(file, kind);
    // Queues hold personal data. SQLite gives a new -wal and -shm the mode of the file.
    makePrivate(file);
    for (const part of [`${file}-wal`, `${file}-shm`]) if (existsSync(part)) makePrivate(part);
    const db = new Sqlite(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 2000');
    migrate(db, kind);
    return db;
  } catch (error) {
    const fault = damagedQueue(file, error);
    if (fault instanceof QueueError) throw fault;
    throw new QueueError(`Queue ${file} cannot be opened: ${messageOf(error)}`, {
      hint: 'check queue.file, its folder and its owner',
      cause: error,
    });
  }
}

function checkFile(file: string, kind: QueueKind): void {
  const db = new Sqlite(file, { readonly: true });
  try {
    const version = versionOf(db);
    if (version > QUEUE_SCHEMA) {
      throw new QueueError(`Queue ${file} has schema ${version}, this Portledger knows ${QUEUE_SCHEMA}`, {
        hint: 'run the newer Portledger that wrote it',
      });
    }
    const names = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
      .pluck()
      .all() as string[];
    const isQueue = version === 0 ? names.length === 0 : names.includes('queue');
    if (!isQueue)
      throw new QueueError(`${file} is a SQLite file but not a queue`, { hint: 'choose another queue.file' });
    if (version > 0) checkKind(file, version, new Set(names), kind);
  } finally {
    db.close();
  }
}

/** Refuses a queue that lacks the owner's tables, and an older one with other tables, which only their owner can bring up to date. */
function checkKind(file: string, version: number, found: ReadonlySet<string>, kind: QueueKind): void {
  const own = Object.entries({ ...LOG.tables, ...kind.tables });
  const missing = own.filter(([name, since]) => since <= version && !found.has(name)).map(([name]) => name);
  const known = new Set(own.map(([name]) => name));
  const foreign = version < QUEUE_SCHEMA ? [...found].filter((name) => !known.has(name)) : [];
  if (missing.length === 0 && foreign.length === 0) return;
  const why =
    missing.length > 0
      ? `it lacks the table ${missing.join(', ')}, which this ${kind.owner} needs`
      : `it has the table ${foreign.join(', ')}, which this ${kind.owner} does not know`;
  throw new QueueError(`Queue ${file} is of another kind: ${why}`, {
    hint: 'choose another queue.file, or start the program that made this one',
  });
}

function migrate(db: SqliteDatabase, kind: QueueKind): void {
  const version = versionOf(db);
  if (version === QUEUE_SCHEMA) return;
  db.transaction(() => {
    for (let next = version + 1; next <= QUEUE_SCHEMA; next++) {
      db.exec(`${LOG.steps[next] ?? ''}${kind.steps[next] ?? ''}`);
    }
    db.pragma(`user_version = ${QUEUE_SCHEMA}`);
  })();
}

function versionOf(db: SqliteDatabase): number {
  return db.pragma('user_version', { simple: true }) as number;
}
