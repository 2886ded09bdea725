import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { auditorSql } from '../../trail/store/auditors.js';
import { parseTrailUrl } from '../../trail/store/url.js';
import { configOf } from './context.js';

/** `portledger auditors`: SQL for the database's administrator, which makes a user who may read the views only. */
export function register(command: Command): void {
  command
    .option('--user <name>', 'name of the user', 'auditor')
    .option('--host <pattern>', 'hosts that the user may connect from', '%')
    .action(({ user, host }: { user: string; host: string }, command: Command) => {
      const target = parseTrailUrl(configOf(command).audit.url);
      if (target.kind === 'sqlite') {
        throw new UsageError('SQLite knows no users', {
          hint: 'give auditors a copy of the file, or open it read-only: sqlite3 -readonly FILE',
        });
      }
      process.stdout.write(auditorSql(target.database, user, host));
    });
}
