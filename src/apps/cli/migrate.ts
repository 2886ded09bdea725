import type { Command } from 'commander';
import { deniedError } from '../../trail/store/errors.js';
import { namingOf } from '../../trail/store/naming.js';
import { Trail } from '../../trail/store/trail.js';
import { parseTrailUrl } from '../../trail/store/url.js';
import { configOf } from './context.js';

/** `portledger migrate`: makes the tables and views of the trail, or updates them. */
export function register(command: Command): void {
  command
    .option('--unlock', 'first remove the lock of an interrupted migration')
    .action(async (options: { unlock?: boolean }, command: Command) => {
      const config = configOf(command);
      const trail = await Trail.open(config.audit.url, { naming: namingOf(config.switches) });
      try {
        const names = await trail.migrate({ unlock: options.unlock === true });
        // A configuration with the database only says nothing about the names of switches
        if (config.switches.length > 0) await trail.refreshNames();
        const done = names.length > 0 ? `has been brought to ${names.at(-1)}` : 'is up to date already';
        process.stderr.write(`Trail ${trail.location} ${done}\n`);
      } catch (error) {
        throw deniedError(error, parseTrailUrl(config.audit.url), 'migrate with the URL of the database administrator');
      } finally {
        await trail.close();
      }
    });
}
