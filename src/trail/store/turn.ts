import type { Knex } from 'knex';
import { SchemaError } from './errors.js';
import { refuseNewer } from './migrator.js';
import { isMysql } from './sql.js';

/** What the trail says of itself at the beginning of a turn. */
export interface Turn {
  /** Of the naming that switches and ports are called by. */
  readonly naming: string;
  /** One more than that of the writer before. */
  readonly number: number;
}

/**
 * Waits for its turn: writers of the trail go one after the other, so that none sees half of another's work and none
 * deadlocks. The update takes the row lock (on SQLite the write lock) before anything is read.
 */
export async function takeTurn(db: Knex): Promise<Turn> {
  await db('trail_state').where('id', 1).increment('turn', 1);
  const row = await db('trail_state').where('id', 1).first('schema_version', 'naming', 'turn');
  if (!row) throw new SchemaError('The trail has lost its version', { hint: 'restore table trail_state' });
  // Somebody may have migrated the trail since this process checked it.
  refuseNewer(row.schema_version as number);
  return { naming: row.naming as string, number: row.turn as number };
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
