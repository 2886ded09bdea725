import type { Knex } from 'knex';

/** How a column of each kind is declared; differs between the databases. */
export interface ColumnTypes {
  /** UTC, microseconds. */
  readonly time: string;
  readonly uint8: string;
  readonly uint32: string;
  readonly uint64: string;
  /** Long bytes, up to 65535. */
  readonly blob: string;
  /** Longer bytes, up to 16 million. */
  readonly longBlob: string;
  /** Exactly `length` bytes. */
  fixed(length: number): string;
  /** Up to `length` bytes. */
  bytes(length: number): string;
  /** ASCII text that is compared byte by byte. */
  ascii(length: number): string;
  /** ASCII text that is compared without case: people type hex digits in either. */
  asciiAnyCase(length: number): string;
  /** Any text, compared byte by byte. */
  text(length: number): string;
}

export interface TableDefinition {
  readonly name: string;
  /** Column name to declaration. */
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  /** Index name to its columns. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

const MYSQL_TYPES: ColumnTypes = {
  time: 'DATETIME(6)',
  uint8: 'TINYINT UNSIGNED',
  uint32: 'INT UNSIGNED',
  uint64: 'BIGINT UNSIGNED',
  blob: 'BLOB',
  longBlob: 'MEDIUMBLOB',
  fixed: (length) => `BINARY(${length})`,
  bytes: (length) => `VARBINARY(${length})`,
  ascii: (length) => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`,
  asciiAnyCase: (length) => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_general_ci`,
  text: (length) => `VARCHAR(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
};

const SQLITE_TYPES: ColumnTypes = {
  time: 'TEXT',
  uint8: 'INTEGER',
  uint32: 'INTEGER',
  uint64: 'INTEGER',
  blob: 'BLOB',
  longBlob: 'BLOB',
  fixed: () => 'BLOB',
  bytes: () => 'BLOB',
  ascii: () => 'TEXT',
  asciiAnyCase: () => 'TEXT COLLATE NOCASE',
  text: () => 'TEXT',
};

/** True for MySQL and MariaDB, false for SQLite. */
export function isMysql(db: Knex): boolean {
  return db.client.config.client === 'mysql2';
}

/** The column types of the database behind the connection. */
export function columnTypes(db: Knex): ColumnTypes {
  return isMysql(db) ? MYSQL_TYPES : SQLITE_TYPES;
}

/**
 * Creates a table and its indexes if they are missing. MySQL commits after each statement of a schema change, so an interrupted
 * migration must be able to run again.
 */
export async function createTable(db: Knex, table: TableDefinition): Promise<void> {
  const indexes = Object.entries(table.indexes ?? {});
  const lines = Object.entries(table.columns).map(([name, type]) => `${name} ${type}`);
  lines.push(`PRIMARY KEY (${table.primaryKey.join(', ')})`);
  if (isMysql(db)) {
    lines.push(...indexes.map(([name, columns]) => `INDEX ${name} (${columns.join(', ')})`));
    await db.raw(`CREATE TABLE IF NOT EXISTS ${table.name} (${lines.join(', ')}) ENGINE=InnoDB`);
    return;
  }
  await db.raw(`CREATE TABLE IF NOT EXISTS ${table.name} (${lines.join(', ')}) WITHOUT ROWID`);
  for (const [name, columns] of indexes) {
    await db.raw(`CREATE INDEX IF NOT EXISTS ${name} ON ${table.name} (${columns.join(', ')})`);
  }
}

/** Creates an index on an existing table, unless it is there. */
export async function createIndex(db: Knex, table: string, name: string, columns: readonly string[]): Promise<void> {
  if (await hasIndex(db, table, name)) return;
  await db.raw(`CREATE INDEX ${name} ON ${table} (${columns.join(', ')})`);
}

/** Removes an index if it is there. */
export async function dropIndex(db: Knex, table: string, name: string): Promise<void> {
  if (!(await hasIndex(db, table, name))) return;
  await db.raw(isMysql(db) ? `DROP INDEX ${name} ON ${table}` : `DROP INDEX ${name}`);
}

/** MySQL knows no CREATE INDEX IF NOT EXISTS. */
async function hasIndex(db: Knex, table: string, name: string): Promise<boolean> {
  if (!isMysql(db)) {
    return (await db('sqlite_master').where({ type: 'index', name }).first('name')) !== undefined;
  }
  const [rows] = await db.raw(`SHOW INDEX FROM ${table} WHERE Key_name = ?`, [name]);
  return rows.length > 0;
}

/** Creates or replaces a view. */
export async function createView(db: Knex, name: string, select: string): Promise<void> {
  await db.raw(`DROP VIEW IF EXISTS ${name}`);
  await db.raw(`CREATE VIEW ${name} AS ${select}`);
}
