import { UsageError } from '../../base/errors.js';

/** What auditors may read. */
const VIEWS = ['port_history', 'port_clients'] as const;

/**
 * SQL for the administrator of MySQL or MariaDB: creates a user who can read the views and nothing else. The administrator fills in
 * the password. Throws UsageError for names that cannot be written between quotes.
 */
export function auditorSql(database: string, user: string, host: string): string {
  for (const name of [database, user, host]) {
    if (/^[\w.%:-]{1,64}$/.test(name)) continue;
    throw new UsageError(`"${name}" cannot be a name here`, { hint: 'use letters, digits, _ . - : and %' });
  }
  const account = `'${user}'@'${host}'`;
  const grants = VIEWS.map((view) => `GRANT SELECT ON \`${database}\`.\`${view}\` TO ${account};\n`);
  return `-- Put a password in place of CHANGE-ME\nCREATE USER ${account} IDENTIFIED BY 'CHANGE-ME';\n${grants.join('')}`;
}
