import { UsageError } from '../base/errors.js';
import { makePrivate } from '../base/private-file.js';
import { Sqlite } from '../base/sqlite.js';

/** A lock that its process holds; ends with release() or with the process, however that ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes an exclusive lock on a file that is made for it. The kernel frees it with the process, so kill -9 leaves no stale lock
 * (SQLite's own file lock is used: Node has none).
 * @param what for the message: `server`, `shipper`
 * @throws UsageError if another process holds it.
 */
export function acquireLock(file: string, what: string): Lock {
  makePrivate(file);
  const db = new Sqlite(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new UsageError(`Another ${what} already runs on this queue (${file} is locked)`, {
        hint: `stop the other ${what}, or give this one a queue.file of its own`,
      });
    }
    throw error;
  }
  return { release: () => void (db.open && db.close()) };
}
