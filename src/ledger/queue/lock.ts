import { accessSync, constants } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { makePrivate } from '../../base/private-file.js';
import { Sqlite, type SqliteDatabase } from '../../base/sqlite.js';

/** A lock that this process has; ends with release() or with the process, however that ends. */
export interface Lock {
  release(): void;
}

/** The databases of the locks of this process. Garbage collection would close an unreferenced one, and so free its lock. */
const locked = new Set<SqliteDatabase>();

/** Milliseconds that taking a lock waits for a process that only looks whether it is taken. */
const PATIENCE_MS = 100;

/** The lock that the one program which writes this queue has while it runs. */
export function ownerLockPath(queueFile: string): string {
  return `${queueFile}.serve.lock`;
}

/** The lock that the shipper of this queue has while it runs. */
export function shipperLockPath(queueFile: string): string {
  return `${queueFile}.ship.lock`;
}

/** True if another process has this lock; false also if this process may not read the file. */
export function isLocked(file: string): boolean {
  if (!isReadable(file)) return false;
  const db = new Sqlite(file, { timeout: 0, readonly: true });
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db.close();
  }
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ?? false;
}

/**
 * Takes an exclusive lock on a file that is made for it. It is SQLite's own file lock, as Node has none: the kernel frees it with
 * the process, so that kill -9 leaves no stale lock.
 * @param what for the message: `server`, `shipper`
 * @throws UsageError if another process has it
 */
export function acquireLock(file: string, what: string): Lock {
  makePrivate(file);
  const db = new Sqlite(file, { timeout: PATIENCE_MS });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) {
      throw new UsageError(`Another ${what} already runs on this queue (${file} is locked)`, {
        hint: `stop the other ${what}, or give this one a queue.file of its own`,
      });
    }
    throw error;
  }
  locked.add(db);
  return {
    release: () => {
      locked.delete(db);
      if (db.open) db.close();
    },
  };
}
