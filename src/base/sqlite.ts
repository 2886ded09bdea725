import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import { UsageError } from './errors.js';

/** An open database file. */
export type SqliteDatabase = Database.Database;
/** A prepared statement. */
export type SqliteStatement = Database.Statement;

/**
 * better-sqlite3, in the one of its two lines that this Node can run. Line 13 crashes Node 20; line 12, where it is compiled with the
 * headers of Node 24.19 or newer, aborts the process when a statement is garbage collected. Both have the same interface.
 */
export const Sqlite: typeof Database = load(
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3',
);

function load(name: string): typeof Database {
  try {
    return createRequire(import.meta.url)(name) as typeof Database;
  } catch (error) {
    throw new UsageError(`SQLite (${name}) is not installed for Node ${process.versions.node}`, {
      hint: 'run npm ci with this Node; where no binary can be downloaded it needs python3, make and g++',
      cause: error,
    });
  }
}
