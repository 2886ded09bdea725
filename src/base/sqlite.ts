import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import { UsageError } from './errors.js';

/** An open database file. */
export type SqliteDatabase = Database.Database;
/** A prepared statement. */
export type SqliteStatement = Database.Statement;

/** The first Node release with the Node-API version that the prebuilt binary of better-sqlite3 13 needs. */
const FIRST_WITH_PREBUILT = 22;

/**
 * better-sqlite3 for this Node. Node 22 and newer use version 13, whose package contains prebuilt binaries. Node 20 cannot load those
 * (it crashes) and uses version 12, which `npm ci` downloads or compiles. Both have the same interface.
 */
export const Sqlite: typeof Database = load(
  Number(process.versions.node.split('.')[0]) >= FIRST_WITH_PREBUILT ? 'better-sqlite3' : 'portledger-sqlite-node20',
);

function load(name: string): typeof Database {
  try {
    const driver = createRequire(import.meta.url)(name) as typeof Database;
    // The native part loads with the first database: fail here, where the hint is
    new driver(':memory:').close();
    return driver;
  } catch (error) {
    throw new UsageError(`SQLite (${name}) is not installed for Node ${process.versions.node}`, {
      hint: 'run npm ci with this Node; Node 20 needs python3, make and g++ for it where no binary can be downloaded',
      cause: error,
    });
  }
}
