import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import { makePrivate } from '../../base/private-file.js';
import { Sqlite, type SqliteDatabase } from '../../base/sqlite.js';
import { damagedQueue, QueueError } from './errors.js';

/** Version of the queue file's tables, kept in SQLite's user_version. */
export const QUEUE_SCHEMA = 5;

/**
 * `queue` has one row: the identity of the queue and the head of its chain. `alive_at` is the last moment at which the server is
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
  CREATE TABLE leases (
    address INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    client BLOB NOT NULL,
    htype INTEGER NOT NULL,
    hwaddr BLOB NOT NULL,
    client_id BLOB,
    hostname BLOB,
    start INTEGER NOT NULL,
    renewed INTEGER NOT NULL,
    end INTEGER NOT NULL,
    port_giaddr INTEGER,
    port_option82 BLOB
  );
`;

/**
 * What the server signed about its chain, in the order of signing, and the keys it signed with. `replaces` is the UUID of
 * the queue that was in the file before this one.
 */
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

/**
 * What a pair of servers has to remember: each address that both share, as the failover protocol sees it, and for each relationship the states
 * of both servers. Times are Unix seconds, as on the wire.
 */
const VERSION_3 = `
  CREATE TABLE bindings (
    address INTEGER PRIMARY KEY,
    status TEXT NOT NULL,
    htype INTEGER,
    hwaddr BLOB,
    client_id BLOB,
    hostname BLOB,
    port_giaddr INTEGER,
    port_option82 BLOB,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    cltt INTEGER NOT NULL,
    promised INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    agreed INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    own INTEGER NOT NULL,
    rewind TEXT,
    flags INTEGER NOT NULL
  );
  CREATE TABLE relationships (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    partner_state TEXT,
    partner_since INTEGER NOT NULL,
    mclt INTEGER NOT NULL,
    hba TEXT NOT NULL,
    lost_at INTEGER NOT NULL,
    partner_lost_at INTEGER NOT NULL,
    clock_ahead INTEGER NOT NULL
  );
`;

/** A pair remembers by which longer mclt leases may have been given. */
const VERSION_4 = `
  ALTER TABLE relationships ADD COLUMN former_mclt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE relationships ADD COLUMN former_until INTEGER NOT NULL DEFAULT 0;
`;

/** And which of the two servers this one was; null in files of before. */
const VERSION_5 = 'ALTER TABLE relationships ADD COLUMN role TEXT;';

/** What brings a file of each version to the next one. */
const STEPS = [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5];

/**
 * Opens the queue file for its server, making it if it does not exist. WAL lets the shipper read while the server writes;
 * synchronous=FULL makes a commit survive a power cut (NORMAL, the usual choice with WAL, does not).
 */
export function openQueueFile(file: string): SqliteDatabase {
  try {
    // A file that was named by mistake stays as it is
    if (existsSync(file)) refuseOthers(file);
    // They hold personal data: nobody but their owner reads them. SQLite gives a new -wal and -shm the mode of the file.
    makePrivate(file);
    for (const part of [`${file}-wal`, `${file}-shm`]) if (existsSync(part)) makePrivate(part);
    const db = new Sqlite(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 2000');
    update(db);
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

/** Refuses a file of a newer Portledger, or one that is no queue. */
function refuseOthers(file: string): void {
  const db = new Sqlite(file, { readonly: true });
  try {
    const version = versionOf(db);
    if (version > QUEUE_SCHEMA) {
      throw new QueueError(`Queue ${file} has schema ${version}, this Portledger knows ${QUEUE_SCHEMA}`, {
        hint: 'run the newer Portledger that wrote it',
      });
    }
    const names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
    const isQueue = version === 0 ? names.length === 0 : names.includes('queue');
    if (!isQueue)
      throw new QueueError(`${file} is a SQLite file but not a queue`, { hint: 'choose another queue.file' });
  } finally {
    db.close();
  }
}

/** Makes the tables that an empty file or an older one lacks. */
function update(db: SqliteDatabase): void {
  const version = versionOf(db);
  if (version === QUEUE_SCHEMA) return;
  db.transaction(() => {
    for (const step of STEPS.slice(version)) db.exec(step);
    db.pragma(`user_version = ${QUEUE_SCHEMA}`);
  })();
}

function versionOf(db: SqliteDatabase): number {
  return db.pragma('user_version', { simple: true }) as number;
}
