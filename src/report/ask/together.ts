import type { Knex } from 'knex';
import type { Value } from '../../trail/store/event-rows.js';
import { isMysql, selectRows } from '../../trail/store/sql.js';
import type { SqlRow } from './rows.js';

/** One of several selections. Its SQL is this program's, never input. */
export interface Selected {
  /** What each column of the answer is called, and its SQL. */
  readonly columns: Readonly<Record<string, string>>;
  /** From FROM on. */
  readonly from: string;
  readonly values: readonly Value[];
}

/**
 * Asks for several selections in one statement, which is one way to the database and back, and what they tell is of one moment. Each has
 * columns of its own, so that none bends the types of another; only numbers may come as text. One that is null is not asked for, and has no rows.
 */
export async function selectTogether<Name extends string>(
  db: Knex,
  selections: Readonly<Record<Name, Selected | null>>,
): Promise<Record<Name, SqlRow[]>> {
  const names = Object.keys(selections) as Name[];
  const asked = names.flatMap((name) => {
    const selection: Selected | null = selections[name];
    return selection === null ? [] : [{ name, ...selection, keys: Object.keys(selection.columns) }];
  });
  const all = asked.flatMap(({ name, keys }) => keys.map((key) => ({ name, key })));
  const statements = asked.map(({ name, columns, from }, i) => {
    // The first statement says what the columns are called.
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
