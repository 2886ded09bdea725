import { type Command, Option } from 'commander';
import { EXIT, type ExitCode, messageOf, PortledgerError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { toIsoTime } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { countQuarantined } from '../../trail/store/quarantine.js';
import { configOf } from './context.js';
import { withTrail } from './open-trail.js';
import { askRunningServer } from './running-server.js';

/** What stands in the way of an answer is part of the answer: status says all it can find out. */
type Part = Record<string, unknown> | { error: string };

/** `portledger status`: server, queue and trail at a glance. */
export function register(command: Command): void {
  command
    .addOption(new Option('-o, --output <format>', 'form').choices(['table', 'json']).default('table'))
    .action(async ({ output }: { output: string }, command: Command) => {
      const config = configOf(command);
      const queue = queueStatus(config.queue.file);
      const server = await serverStatus(config);
      const { part: trail, exitCode } = await trailStatus(config, queue);
      const parts = { server, queue, trail };
      process.stdout.write(output === 'json' ? `${JSON.stringify(parts, null, 2)}\n` : textOf(parts));
      // A server that is down and a queue that is elsewhere are answers; where there is no other, there is none at all
      process.exitCode = Object.values(parts).every((part) => 'error' in part) ? EXIT.unreachable : exitCode;
    });
}

async function serverStatus(config: Config): Promise<Part> {
  try {
    const answer = await askRunningServer(config.queue.file, 'status');
    return (answer as Part | undefined) ?? { error: 'no server runs on this queue' };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function queueStatus(file: string): Part {
  try {
    const reader = QueueReader.open(file);
    try {
      const { shipped, last, lastAt } = reader.position();
      const at = lastAt === null ? null : toIsoTime(lastAt);
      return {
        file,
        uuid: reader.uuid,
        server: reader.server,
        lastSequence: last,
        lastAt: at,
        shipped,
        unshipped: last - shipped,
      };
    } finally {
      reader.close();
    }
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

async function trailStatus(config: Config, queue: Part): Promise<{ part: Part; exitCode: ExitCode }> {
  try {
    const part = await withTrail(config.audit.url, async (trail) => {
      const position = 'uuid' in queue ? await trail.position(String(queue.uuid)) : undefined;
      const sequence = position?.sequence ?? 0;
      const quarantined = await countQuarantined(trail.knex);
      return { place: trail.location, sequence, ...lagOf(queue, sequence), quarantined };
    });
    return { part, exitCode: EXIT.ok };
  } catch (error) {
    const exitCode = error instanceof PortledgerError ? error.exitCode : EXIT.unreachable;
    return { part: { error: reasonOf(error) }, exitCode };
  }
}

/** With what to do, where that is known. */
function reasonOf(error: unknown): string {
  const hint = error instanceof PortledgerError ? error.hint : undefined;
  return hint ? `${messageOf(error)} (${hint})` : messageOf(error);
}

/** How many events of the queue the trail does not have yet. */
function lagOf(queue: Part, sequence: number): Record<string, unknown> {
  return 'lastSequence' in queue ? { behind: Number(queue.lastSequence) - sequence } : {};
}

/** Two columns; what is nested is indented. */
function textOf(parts: Record<string, unknown>, indent = ''): string {
  let text = '';
  for (const [key, value] of Object.entries(parts)) {
    if (Array.isArray(value)) {
      text += `${indent}${key}\n${value.map((entry) => `${indent}  ${inline(entry)}\n`).join('')}`;
    } else if (typeof value === 'object' && value !== null) {
      text += `${indent}${key}\n${textOf(value as Record<string, unknown>, `${indent}  `)}`;
    } else text += `${indent}${key.padEnd(24 - indent.length)} ${visible(String(value ?? '-'))}\n`;
  }
  return text;
}

function inline(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null) return visible(String(entry));
  return Object.entries(entry)
    .map(
      ([key, value]) =>
        `${key}=${visible(typeof value === 'number' ? String(Math.round(value * 10) / 10) : String(value))}`,
    )
    .join(' ');
}
