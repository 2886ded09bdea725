import type { Knex } from 'knex';
import { MIGRATIONS, type NamedMigration, SCHEMA_VERSION } from '../../../migrations/all.js';
import { knexOf, type TrailConnection } from './database.js';
import { SchemaError } from './errors.js';
import { isMysql } from './sql.js';

/** The migrations are modules, not files in a folder: the same under tsx and compiled, wherever the package is. */
const SOURCE: Knex.MigrationSource<NamedMigration> = {
  getMigrations: async () => [...MIGRATIONS],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};

const CONFIG: Knex.MigratorConfig = {
  migrationSource: SOURCE,
  tableName: 'schema_migrations',
  // MySQL commits after each change of the schema anyway.
  disableTransactions: true,
};

/**
 * Brings the schema to the newest version and returns the names of the migrations that ran. Throws SchemaError if the
 * schema is newer, or if another migration runs or was cut off (`unlock`: it was cut off, take its lock away). On SQLite it is one
 * transaction: it waits for another migration, and one that was cut off leaves nothing.
 */
export async function migrateSchema(trail: TrailConnection, unlock = false): Promise<string[]> {
  const db = knexOf(trail);
  const version = await schemaVersion(db);
  if (version !== null) refuseNewer(version);
  if (!isMysql(db)) return await db.transaction(migrateAlone);
  return unlock ? await migrateUnlocked(db) : await migrateLatest(db);
}

/** Takes SQLite's own lock, by a write that changes nothing. With it no other migration runs, so a lock that one left is stale. */
async function migrateAlone(db: Knex): Promise<string[]> {
  await db.raw('PRAGMA user_version = 0');
  return await migrateUnlocked(db);
}

/** Migrates after removing the lock of migrations. */
async function migrateUnlocked(db: Knex): Promise<string[]> {
  await db.migrate.forceFreeMigrationsLock(CONFIG);
  return await migrateLatest(db);
}

async function migrateLatest(db: Knex): Promise<string[]> {
  try {
    const [, names] = (await db.migrate.latest(CONFIG)) as [number, string[]];
    return names;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'MigrationLocked') throw error;
    throw new SchemaError('Another migration of this trail is running or was cut off', {
      hint: 'if none is running, use portledger migrate --unlock',
      cause: error,
    });
  }
}

/** Reverts every migration, which deletes the whole trail. For tests of the migrations only. */
export async function rollbackSchema(db: TrailConnection): Promise<void> {
  await knexOf(db).migrate.rollback(CONFIG, true);
}

const VIEWS_ONLY = 'This user of the database sees the views of the trail and not its tables, which this command reads';
const TABLES_HINT = 'give audit.url a user with SELECT on all tables of the database, or ask the views by SQL';

/** Throws SchemaError unless the schema is the one this program knows. */
export async function checkSchema(trail: TrailConnection): Promise<void> {
  const db = knexOf(trail);
  const version = await schemaVersion(db);
  if (version === null) {
    if (await db.schema.hasTable('port_history')) throw new SchemaError(VIEWS_ONLY, { hint: TABLES_HINT });
    throw new SchemaError('The database has no trail in it yet', { hint: 'run portledger migrate first' });
  }
  refuseNewer(version);
  if (version < SCHEMA_VERSION) {
    throw new SchemaError(`The trail has schema version ${version}, this program needs ${SCHEMA_VERSION}`, {
      hint: 'run portledger migrate first',
    });
  }
}

/** Throws SchemaError if the version is one that this program cannot know. */
export function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new SchemaError(`The trail has schema version ${version}, this program knows only ${SCHEMA_VERSION}`, {
    hint: 'use a Portledger at least as new as the one that migrated the trail',
  });
}

async function schemaVersion(db: Knex): Promise<number | null> {
  if (!(await db.schema.hasTable('trail_state'))) return null;
  const row = await db('trail_state').where('id', 1).first('schema_version');
  return row ? (row.schema_version as number) : null;
}
