import type { Command } from 'commander';
import { SystemClock } from '../../base/time.js';
import { replaceServerQueue } from '../../server/store/replace.js';
import { configOf } from './context.js';

/** `portledger queue new`: starts a new queue if the old one no longer fits the trail. */
export function register(queue: Command): void {
  queue
    .command('new')
    .description('start a new queue with the same leases; stop server and shipper first')
    .action((_options: unknown, command: Command) => {
      const { file } = configOf(command).queue;
      const { from, to, kept, unshipped, relationships } = replaceServerQueue(file, new SystemClock().now());
      process.stdout.write(`Queue ${to} takes the place of ${from}, which is kept as ${kept}\n`);
      for (const name of relationships) {
        const waits =
          'the server asks its partner for everything, and does not answer in its shared pools until that is done and mclt has passed';
        process.stdout.write(`Failover relationship ${name} begins anew: ${waits}\n`);
      }
      if (unshipped > 0)
        process.stderr.write(
          `warning: ${unshipped} events of the old queue are perhaps not in the trail; a gap will say so\n`,
        );
    });
}
