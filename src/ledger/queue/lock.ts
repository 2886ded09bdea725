import { accessSync, constants } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { makePrivate } from '../../base/private-file.js';
import { Sqlite, type SqliteDatabase } from '../../base/sqlite.js';

/** A lock that its process holds; ends with release() or with the process, however that ends. */
export interface Lock {
  release(): void;
}

/** The files of the locks that this process holds. Without a reference they would be closed, and unlocked, by garbage collection. */
const held = new Set<SqliteDatabase>();

/** Milliseconds that whoever takes a lock waits for one who only looks at it. */
const PATIENCE_MS = 100;

/** The lock that the server on this queue holds while it runs. */
export function serverLockPath(queueFile: string): string {
  return `${queueFile}.serve.lock`;
}

/** True if another process holds this lock; false also where this one may not look. */
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
 * Takes an exclusive lock on a file that is made for it. The kernel frees it with the process, so kill -9 leaves no stale lock
 * (SQLite's own file lock is used: Node has none).
 * @param what for the message: `server`, `shipper`
 * @throws UsageError if another process holds it.
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
  held.add(db);
  return {
    release: () => {
      if (held.delete(db)) db.close();
    },
  };
}
