import type { TrailConnection } from '../database.js';
import type { Value } from '../event-rows.js';
import { isMysql, selectRows } from '../sql.js';
import type { SqlRow } from './row-times.js';

/** One SELECT. Its SQL is this program's, never input. */
export interface Selected {
  /** Name of each column in the result, and its SQL. */
  readonly columns: Readonly<Record<string, string>>;
  /** The SQL from FROM on. */
  readonly from: string;
  readonly values: readonly Value[];
}

/**
 * Runs several SELECTs as one UNION ALL: one round trip, and all results are of one moment. Each SELECT has columns of
 * its own, so the databases cannot mix up their types; only numbers may arrive as text. A SELECT that is null is not run
 * and has no rows.
 */
export async function selectTogether<Name extends string>(
  db: TrailConnection,
  selections: Readonly<Record<Name, Selected | null>>,
): Promise<Record<Name, SqlRow[]>> {
  const names = Object.keys(selections) as Name[];
  const asked = names.flatMap((name) => {
    const selection: Selected | null = selections[name];
    return selection === null ? [] : [{ name, ...selection, keys: Object.keys(selection.columns) }];
  });
  const all = asked.flatMap(({ name, keys }) => keys.map((key) => ({ name, key })));
  const statements = asked.map(({ name, columns, from }, i) => {
    // Only the first statement of a UNION names the columns.
    const alias = (as: string): string => (i === 0 ? ` AS ${as}` : '');
    const list = all.map((one) => (one.name === name ? columns[one.key] : 'NULL') + alias(`${one.name}_${one.key}`));
    const sql = `SELECT '${name}'${alias('selection')}, ${list.join(', ')} ${from}`;
    return isMysql(db) ? `(${sql})` : `SELECT * FROM (${sql})`;
  });
  const values = asked.flatMap((selection) => selection.values);
  const rows = await selectRows(db, statements.join(' UNION ALL '), values);
  const found = Object.fromEntries(names.map((name): [Name, SqlRow[]] => [name, []])) as Record<Name, SqlRow[]>;
  for (const { name, keys } of asked) {
    for (const row of rows.filter(({ selection }) => selection === name))
      found[name].push(Object.fromEntries(keys.map((key) => [key, row[`${name}_${key}`] ?? null])));
  }
  return found;
}
