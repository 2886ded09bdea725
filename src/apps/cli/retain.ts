import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { SystemClock, toIsoTime } from '../../base/time.js';
import { readKeyFile } from '../../ledger/proof/key-file.js';
import { parseAge } from '../../trail/retain/age.js';
import type { Outcome, Plan } from '../../trail/retain/plan.js';
import { preview, retain } from '../../trail/retain/retain.js';
import { configOf } from './context.js';
import { withTrail } from './open-trail.js';
import { signerFor } from './signer.js';

interface Options {
  readonly events: string;
  readonly sightings?: string;
  readonly dryRun?: boolean;
}

/** `portledger retain`: removes old events and sightings. */
export function register(command: Command): void {
  command
    .requiredOption('--events <age>', 'remove events older than this: 180d, 26w, 2y')
    .option('--sightings <age>', 'remove sightings that ended longer ago than this; not shorter than --events')
    .option('--dry-run', 'only print what would be removed')
    .action(async (options: Options, command: Command) => {
      const config = configOf(command);
      const now = new SystemClock().now();
      const ages = agesOf(options);
      await withTrail(config.audit.url, async (trail) => {
        const key = options.dryRun ? readKeyFile(config.queue.keyFile) : await signerFor(trail, config, now);
        const plan: Plan = {
          at: now,
          before: now - ages.events,
          sightingsBefore: ages.sightings === null ? null : now - ages.sightings,
          reason: `events older than ${options.events}`,
          key,
        };
        const outcome = await (options.dryRun ? preview : retain)(trail.connection, plan);
        process.stdout.write(textOf(outcome, plan, options.dryRun === true));
      });
    });
}

function agesOf({ events, sightings }: Options): { events: number; sightings: number | null } {
  const ages = { events: parseAge(events), sightings: sightings === undefined ? null : parseAge(sightings) };
  if (ages.sightings !== null && ages.sightings < ages.events) {
    throw new UsageError(`Sightings cannot go after ${sightings} while their events stay for ${events}`, {
      hint: 'give --sightings at least the age of --events',
    });
  }
  return ages;
}

function textOf(outcome: Outcome, { before, sightingsBefore }: Plan, dryRun: boolean): string {
  const verb = dryRun ? 'Would remove' : 'Removed';
  const kept = (held: number): string => (held > 0 ? `, ${held} are held` : '');
  const lines = [`${verb} ${outcome.events} events before ${toIsoTime(before)}${kept(outcome.heldEvents)}`];
  if (sightingsBefore !== null) {
    const when = toIsoTime(sightingsBefore);
    lines.push(`${verb} ${outcome.sightings} sightings that ended before ${when}${kept(outcome.heldSightings)}`);
  }
  return `${lines.join('\n')}\n`;
}
