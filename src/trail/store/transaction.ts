import { knexOf, type TrailConnection } from './database.js';
import { isMysql } from './sql.js';

/** Runs work in a transaction. Throws what the work threw: on a connection that is gone the rollback fails, too, and knex would throw that. */
export async function inTransaction<T>(
  connection: TrailConnection,
  work: (db: TrailConnection) => Promise<T>,
): Promise<T> {
  let first: { error: unknown } | undefined;
  try {
    return await knexOf(connection).transaction(async (db) => {
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
export async function inSnapshot<T>(
  connection: TrailConnection,
  work: (db: TrailConnection) => Promise<T>,
): Promise<T> {
  // SQLite has no other isolation than this one.
  const isolation = isMysql(connection) ? ({ isolationLevel: 'repeatable read' } as const) : {};
  return await knexOf(connection).transaction(work, isolation);
}
