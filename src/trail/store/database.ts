import type { Knex } from 'knex';

/**
 * A connection to the database of a trail, or a transaction on it. Code outside of trail/store hands it on to the functions of
 * the store; only these use it for SQL.
 */
export interface TrailConnection {
  readonly client: unknown;
}

/** The connection as knex knows it. For trail/store and tests of its tables. */
export function knexOf(db: TrailConnection): Knex {
  return db as Knex;
}
