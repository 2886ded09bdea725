import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import type { SqliteDatabase } from '../../base/sqlite.js';
import type { Micros } from '../../base/time.js';
import { forgetRelationships } from '../../server/store/failover-rows.js';
import { decodeEvent, genesisHash } from '../event/encoding.js';
import { isLeaseEvent } from '../event/event.js';
import { damagedQueue, QueueError, readingQueue } from './errors.js';
import { acquireLock, serverLockPath } from './lock.js';
import { readPosition } from './position.js';
import { openQueueFile } from './schema.js';

/** What became of a queue that another one replaced. */
export interface Replacement {
  readonly from: string;
  readonly to: string;
  /** Where the old queue is kept. */
  readonly kept: string;
  /** Events of it that are not known to be in the trail. */
  readonly unshipped: number;
  /** Failover relationships that begin anew. */
  readonly relationships: readonly string[];
}

interface Head {
  uuid: string;
  sequence: number;
  at: Micros;
}

/**
 * Begins a new queue in the file, with a new UUID and the leases of the old one, which is kept beside it. The gap that the
 * server tells of at its next start begins with the first time of which an event tells that was not shipped. What it knows of its failover partners may be of an
 * old backup, so it has to ask them for everything.
 * @throws UsageError while server or shipper run, QueueError if there is no queue or it cannot be kept
 */
export function replaceQueue(file: string, now: Micros): Replacement {
  const locks = [acquireLock(serverLockPath(file), 'server')];
  try {
    locks.push(acquireLock(`${file}.ship.lock`, 'shipper'));
    const db = openQueueFile(file);
    try {
      return readingQueue(file, () => replace(db, file, now));
    } finally {
      db.close();
    }
  } finally {
    for (const lock of locks) lock.release();
  }
}

function replace(db: SqliteDatabase, file: string, now: Micros): Replacement {
  const head = db.prepare('SELECT uuid, sequence, at FROM queue').get() as Head | undefined;
  if (!head || head.sequence === 0) {
    throw new QueueError(`Queue ${file} has no events yet`, { hint: 'there is nothing to replace; start the server' });
  }
  const kept = `${file}.${head.uuid}`;
  const shipped = readPosition(file, head.uuid).sequence;
  const from = unshippedFrom(db, shipped) ?? head.at;
  keep(db, kept);
  const uuid = randomUUID();
  const relationships = db.transaction(() => {
    db.exec('DELETE FROM events; DELETE FROM checkpoints;');
    db.prepare(
      'UPDATE queue SET uuid = ?, replaces = ?, created_at = ?, sequence = 0, hash = ?, at = ?, alive_at = ?, running = 0',
    ).run(uuid, head.uuid, now, genesisHash(uuid), from, from);
    return forgetRelationships(db, () => false);
  })();
  return { from: head.uuid, to: uuid, kept, unshipped: Math.max(0, head.sequence - shipped), relationships };
}

/**
 * The earliest time of which an event tells that is not noted as shipped; undefined if all are. A start after a crash, a refusal or a step of the
 * clock tells of the time before it.
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

function keep(db: SqliteDatabase, copy: string): void {
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
    // What is not whole would stand in the way of the next attempt
    rmSync(copy, { force: true });
    throw error;
  }
}
