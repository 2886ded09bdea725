import type { Knex } from 'knex';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { isLoadable, loadRows } from './load.js';
import { RowText, writeValues } from './row-text.js';

/** Rows of one statement: larger ones are no faster, and SQLite allows 32766 values. */
const ROWS_PER_STATEMENT = 500;
/** Bytes of one statement, below the smallest max_allowed_packet in use (1 MiB) unless one row alone is longer. */
const BYTES_PER_STATEMENT = 768 * 1024;
/** Longest IN list: MariaDB turns lists of 1000 and more into a temporary table. */
export const LIST_LENGTH = 500;

/** SQLite joins at most 500. */
const SELECTIONS_PER_STATEMENT = 250;

/** One SELECT with its values. */
export interface Selection {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** True for MySQL and MariaDB, false for SQLite. */
export function isMysql(db: TrailConnection): boolean {
  return knexOf(db).client.config.client === 'mysql2';
}

/** The rows of a SELECT. */
export async function selectRows(
  db: TrailConnection,
  sql: string,
  values: readonly Value[],
): Promise<Record<string, Value>[]> {
  const answer = await knexOf(db).raw(sql, values as Knex.RawBinding[]);
  return isMysql(db) ? answer[0] : answer;
}

/**
 * The rows of many small selections, each with an order and a limit of its own, in no order. Each has its own conditions: the
 * database uses a range of an index only for values that it knows when it plans.
 */
export async function selectEach(
  db: TrailConnection,
  selections: readonly Selection[],
): Promise<Record<string, Value>[]> {
  const rows: Record<string, Value>[] = [];
  for (const part of chunks(selections, SELECTIONS_PER_STATEMENT)) {
    const parts = part.map(({ sql }) => (isMysql(db) ? `(${sql})` : `SELECT * FROM (${sql})`));
    const values = part.flatMap((selection) => selection.values);
    for (const row of await selectRows(db, parts.join(' UNION ALL '), values)) rows.push(row);
  }
  return rows;
}

/** Inserts rows of values, in the order of the columns, in few statements. */
export async function insertRows(
  db: TrailConnection,
  table: string,
  columns: readonly string[],
  rows: readonly Value[][],
): Promise<void> {
  if (isMysql(db) && (await isLoadable(db, rows)))
    await loadRows(db, { table, columns, replace: false }, RowText.pieces(rows, writeValues));
  else await writeRows(db, `INSERT INTO ${table} (${columns.join(', ')}) VALUES `, '', rows);
}

/** Inserts rows; leaves those with the same primary key as they are. */
export async function insertNewRows(
  db: TrailConnection,
  table: string,
  columns: readonly string[],
  rows: readonly Value[][],
): Promise<void> {
  // INSERT IGNORE would also swallow values that do not fit.
  const conflict = isMysql(db) ? ` ON DUPLICATE KEY UPDATE ${columns[0]} = ${columns[0]}` : ' ON CONFLICT DO NOTHING';
  await writeRows(db, `INSERT INTO ${table} (${columns.join(', ')}) VALUES `, conflict, rows);
}

/** Inserts rows; replaces the other columns of rows with the same first `keyLength` columns. */
export async function upsertRows(
  db: TrailConnection,
  table: string,
  columns: readonly string[],
  keyLength: number,
  rows: readonly Value[][],
): Promise<void> {
  const others = columns.slice(keyLength);
  const conflict = isMysql(db)
    ? ` ON DUPLICATE KEY UPDATE ${others.map((name) => `${name} = VALUES(${name})`).join(', ')}`
    : ` ON CONFLICT (${columns.slice(0, keyLength).join(', ')}) DO UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  await writeRows(db, `INSERT INTO ${table} (${columns.join(', ')}) VALUES `, conflict, rows);
}

/** Cuts a list into pieces of at most `length`. */
export function* chunks<T>(list: readonly T[], length: number): Generator<T[]> {
  for (let i = 0; i < list.length; i += length) yield list.slice(i, i + length);
}

async function writeRows(db: TrailConnection, head: string, tail: string, rows: readonly Value[][]): Promise<void> {
  for (const part of statements(rows)) {
    const tuple = `(${part[0]!.map(() => '?').join(', ')})`;
    await knexOf(db).raw(head + part.map(() => tuple).join(', ') + tail, part.flat() as Knex.RawBinding[]);
  }
}

function* statements(rows: readonly Value[][]): Generator<readonly Value[][]> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) {
    const size = sizeOf(rows[i]!);
    if (i > start && (i - start === ROWS_PER_STATEMENT || bytes + size > BYTES_PER_STATEMENT)) {
      yield rows.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < rows.length) yield rows.slice(start);
}

/** Bytes that a row takes in the text of a statement, roughly: bytes are written as hex. */
function sizeOf(row: readonly Value[]): number {
  let size = 0;
  for (const value of row) {
    if (typeof value === 'string') size += value.length + 3;
    else size += Buffer.isBuffer(value) ? 2 * value.length + 4 : 20;
  }
  return size;
}
