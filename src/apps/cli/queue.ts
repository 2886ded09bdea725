import type { Command } from 'commander';
import { SystemClock } from '../../base/time.js';
import { replaceServerQueue } from '../../server/store/replace.js';
import { configOf } from './context.js';

/** `portledger queue new`: begins a new queue where the old one no longer fits the trail. */
export function register(queue: Command): void {
  queue
    .command('new')
    .description('begin a new queue that keeps the leases; server and shipper must be stopped')
    .action((_options: unknown, command: Command) => {
      const { file } = configOf(command).queue;
      const { from, to, kept, unshipped, relationships } = replaceServerQueue(file, new SystemClock().now());
      process.stdout.write(`Queue ${to} takes the place of ${from}, which is kept as ${kept}\n`);
      for (const name of relationships) {
        const waits =
          'the server asks its partner for all that it knows, and answers nobody in its shared pools before that and mclt have passed';
        process.stdout.write(`Failover relationship ${name} begins anew: ${waits}\n`);
      }
      if (unshipped > 0)
        process.stderr.write(
          `warning: ${unshipped} events of it are not known to be in the trail; a gap will say so\n`,
        );
    });
}
