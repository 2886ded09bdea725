import type { Knex } from 'knex';
import { MIGRATIONS, type NamedMigration, SCHEMA_VERSION } from '../../../migrations/all.js';
import { knexOf, type TrailConnection } from './database.js';
import { SchemaError } from './errors.js';
import { isMysql } from './sql.js';

/** The migrations are modules, not files in a folder: the same under tsx and compiled, wherever the package lies. */
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
 * schema is newer, or if another migration runs (or one was cut off; `unlock` says it was). SQLite does it in one
 * transaction: there another migration is waited for, and of one that was cut off nothing is left.
 */
export async function migrateSchema(trail: TrailConnection, unlock = false): Promise<string[]> {
  const db = knexOf(trail);
  const version = await schemaVersion(db);
  if (version !== null) refuseNewer(version);
  if (!isMysql(db)) return await db.transaction(migrateAlone);
  return unlock ? await migrateUnlocked(db) : await migrateLatest(db);
}

/** Takes SQLite's own lock, by a write that changes nothing; then whoever left the migrations' lock is not at work. */
async function migrateAlone(db: Knex): Promise<string[]> {
  await db.raw('PRAGMA user_version = 0');
  return await migrateUnlocked(db);
}

/** As if none had taken the migrations' lock. */
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

/** Takes back every migration, and with them everything in the trail. For tests of the migrations alone. */
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
