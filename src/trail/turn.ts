import type { Knex } from 'knex';
import { SchemaError } from './errors.js';
import { refuseNewer } from './migrator.js';
import { isMysql } from './sql.js';

/**
 * Waits for its turn: writers of the trail go one after the other, so that none sees half of another's work and none
 * deadlocks. On SQLite the update takes the write lock before anything is read, as BEGIN IMMEDIATE would.
 */
export async function takeTurn(db: Knex): Promise<{ naming: string }> {
  if (!isMysql(db)) await db('trail_state').where('id', 1).update({ id: 1 });
  const query = db('trail_state').where('id', 1).first('schema_version', 'naming');
  const row = await (isMysql(db) ? query.forUpdate() : query);
  if (!row) throw new SchemaError('The trail has lost its version', { hint: 'restore table trail_state' });
  // Somebody may have migrated the trail since this process checked it.
  refuseNewer(row.schema_version as number);
  return { naming: row.naming as string };
}

/**
 * Runs work in a transaction. What it throws is what the work threw: on a connection that is gone the rollback fails
 * too, and knex would tell of that instead.
 */
export async function inTransaction<T>(knex: Knex, work: (db: Knex) => Promise<T>): Promise<T> {
  let first: { error: unknown } | undefined;
  try {
    return await knex.transaction(async (db) => {
      try {
        return await work(db);
      } catch (error) {
        first = { error };
        throw error;
      }
    });
  } catch (error) {
    throw first ? first.error : error;
  }
}

/** Reads the trail as it is at this moment, however long that takes and whatever is shipped meanwhile. */
export async function inSnapshot<T>(knex: Knex, work: (db: Knex) => Promise<T>): Promise<T> {
  // SQLite knows no other isolation than this one.
  return await knex.transaction(work, isMysql(knex) ? { isolationLevel: 'repeatable read' } : {});
}
