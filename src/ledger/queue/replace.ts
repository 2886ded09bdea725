import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import type { SqliteDatabase } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import { decodeEvent, genesisHash } from '../event/encoding.js';
import { isLeaseEvent } from '../event/event.js';
import { damagedQueue, QueueError, readingQueue } from './errors.js';
import { acquireLock, ownerLockPath, shipperLockPath } from './lock.js';
import { readPosition } from './position.js';
import { LOG_ONLY, openQueueFile, type QueueKind } from './schema.js';

/** A queue that took the place of another one in its file. */
export interface Replacement {
  /** UUID of the old queue. */
  readonly from: string;
  /** UUID of the new queue. */
  readonly to: string;
  /** The file that the old queue was copied to. */
  readonly kept: string;
  /** Events of the old queue that are not noted as shipped. */
  readonly unshipped: number;
}

export interface ReplaceOptions {
  readonly kind?: QueueKind;
  /** Changes the owner's tables in the same transaction. */
  readonly alsoWrite?: (db: SqliteDatabase) => void;
}

interface Head {
  uuid: string;
  sequence: number;
  at: Micros;
}

/**
 * Begins a new queue in the file, with a new UUID and what its owner keeps in tables of its own. The old queue is copied beside it.
 * The gap that the writer records at its next start begins with the earliest time that an unshipped event is about.
 * @throws UsageError while its writer or shipper runs; QueueError if there is no queue or it cannot be copied
 */
export function replaceQueue(file: string, now: Micros, options: ReplaceOptions = {}): Replacement {
  const kind = options.kind ?? LOG_ONLY;
  const locks = [acquireLock(ownerLockPath(file), kind.owner)];
  try {
    locks.push(acquireLock(shipperLockPath(file), 'shipper'));
    const db = openQueueFile(file, kind);
    try {
      return readingQueue(file, () => replace(db, file, now, options.alsoWrite));
    } finally {
      db.close();
    }
  } finally {
    for (const lock of locks) lock.release();
  }
}

function replace(db: SqliteDatabase, file: string, now: Micros, alsoWrite: ReplaceOptions['alsoWrite']): Replacement {
  const head = db.prepare('SELECT uuid, sequence, at FROM queue').get() as Head | undefined;
  if (!head || head.sequence === 0) {
    throw new QueueError(`Queue ${file} has no events yet`, { hint: 'there is nothing to replace; start the server' });
  }
  const kept = `${file}.${head.uuid}`;
  const shipped = readPosition(file, head.uuid).sequence;
  const from = unshippedFrom(db, shipped) ?? head.at;
  copyTo(db, kept);
  const uuid = randomUUID();
  try {
    db.transaction(() => {
      db.exec('DELETE FROM events; DELETE FROM checkpoints;');
      db.prepare(
        'UPDATE queue SET uuid = ?, replaces = ?, created_at = ?, sequence = 0, hash = ?, at = ?, alive_at = ?, running = 0',
      ).run(uuid, head.uuid, now, genesisHash(uuid), from, from);
      alsoWrite?.(db);
    })();
  } catch (error) {
    rmSync(kept, { force: true });
    throw error;
  }
  return { from: head.uuid, to: uuid, kept, unshipped: Math.max(0, head.sequence - shipped) };
}

/**
 * The earliest time that an unshipped event is about; undefined if all are shipped. An event of the server itself may be about a span
 * before it: a start after a crash, a refusal, a step of the clock.
 */
function unshippedFrom(db: SqliteDatabase, shipped: number): Micros | undefined {
  let from: Micros | undefined;
  const rows = db.prepare('SELECT encoded FROM events WHERE sequence > ? ORDER BY sequence').iterate(shipped);
  for (const row of rows) {
    const { kind, at, leaseStart } = decodeEvent((row as { encoded: Buffer }).encoded);
    const begin = isLeaseEvent(kind) ? at : Math.min(at, leaseStart ?? at);
    from = Math.min(from ?? begin, begin);
  }
  return from;
}

function copyTo(db: SqliteDatabase, copy: string): void {
  try {
    closeSync(openSync(copy, 'wx', 0o600));
    vacuumInto(db, copy);
  } catch (error) {
    const fault = damagedQueue(db.name, error);
    if (fault instanceof QueueError) throw fault;
    throw new QueueError(`The old queue cannot be kept as ${copy}: ${messageOf(error)}`, {
      hint: 'free space there, or move away what has that name; nothing was changed',
      cause: error,
    });
  }
}

function vacuumInto(db: SqliteDatabase, copy: string): void {
  try {
    db.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    // A partial copy would stop the next attempt
    rmSync(copy, { force: true });
    throw error;
  }
}
