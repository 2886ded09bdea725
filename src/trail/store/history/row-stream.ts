import type { Readable } from 'node:stream';
import type { SqliteDatabase } from '../../../base/sqlite.js';
import { knexOf, type TrailConnection } from '../database.js';
import type { Value } from '../event-rows.js';
import { isMysql } from '../sql.js';
import type { SqlRow } from './row-times.js';

/** Rows that wait in memory for the reader. */
const ROWS_AHEAD = 1000;
/** Seconds that MySQL waits for a reader that pauses (`| less`); its default of 60 would end the report. */
const PATIENCE_SECONDS = 86_400;

/** A connection of mysql2, as far as it is used here. */
interface MysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
  query(sql: string, values: readonly Value[]): { stream(options: { highWaterMark: number }): Readable };
  destroy(): void;
}

/**
 * Runs a SELECT and yields its rows one by one, in flat memory however many there are. All rows are of one moment.
 * Occupies one connection until the last row is read or the reader stops. Throws what the driver throws.
 */
export async function* streamRows(db: TrailConnection, sql: string, values: readonly Value[]): AsyncGenerator<SqlRow> {
  const connection: unknown = await knexOf(db).client.acquireConnection();
  try {
    if (isMysql(db)) yield* streamMysql(connection as MysqlConnection, sql, values);
    else yield* (connection as SqliteDatabase).prepare(sql).iterate(...values) as IterableIterator<SqlRow>;
  } finally {
    await knexOf(db).client.releaseConnection(connection);
  }
}

async function* streamMysql(
  connection: MysqlConnection,
  sql: string,
  values: readonly Value[],
): AsyncGenerator<SqlRow> {
  await new Promise<void>((resolve, reject) => {
    connection.query(`SET SESSION net_write_timeout = ${PATIENCE_SECONDS}`, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  let isOver = false;
  try {
    yield* connection.query(sql, values).stream({ highWaterMark: ROWS_AHEAD });
    isOver = true;
  } finally {
    // The rest of the rows would still arrive on it; the pool replaces a connection that is gone.
    if (!isOver) connection.destroy();
  }
}
