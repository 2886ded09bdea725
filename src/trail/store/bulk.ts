import type { TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { doWork, isLoadable, loadRows, type Work } from './load.js';
import { RowText } from './row-text.js';
import { insertRows, isMysql, upsertRows } from './sql.js';

/** How values of a type are written to their table: as rows of values or as text. Both must give the same row. */
export interface RowForm<Row> {
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns of the primary key, which come first. */
  readonly keyLength: number;
  /** The values of a row, in the order of the columns. */
  values(row: Row): Value[];
  /** Writes the same, field by field. */
  write(text: RowText, row: Row): void;
}

/**
 * Inserts rows; none of them may be there already.
 * @param meanwhile work to do while the database is busy with them
 */
export async function insertAll<Row>(
  db: TrailConnection,
  form: RowForm<Row>,
  rows: readonly Row[],
  meanwhile: Work,
): Promise<void> {
  await write(db, { ...form, replace: false }, rows, meanwhile);
}

/**
 * Writes rows; replaces those with the same primary key.
 * @param meanwhile work to do while the database is busy with them
 */
export async function replaceAll<Row>(
  db: TrailConnection,
  form: RowForm<Row>,
  rows: readonly Row[],
  meanwhile: Work,
): Promise<void> {
  await write(db, { ...form, replace: true }, rows, meanwhile);
}

async function write<Row>(
  db: TrailConnection,
  form: RowForm<Row> & { readonly replace: boolean },
  rows: readonly Row[],
  meanwhile: Work,
): Promise<void> {
  if (isMysql(db) && (await isLoadable(db, rows))) {
    await loadRows(db, form, RowText.pieces(rows, form.write), meanwhile);
    return;
  }
  const values = rows.map(form.values);
  if (form.replace) await upsertRows(db, form.table, form.columns, form.keyLength, values);
  else await insertRows(db, form.table, form.columns, values);
  await doWork(meanwhile);
}
