import { type Command, Option } from 'commander';
import { EXIT, type ExitCode, messageOf, PortledgerError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { toIsoTime } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import type { ServerStatus } from '../../operate/control/contract.js';
import { countQuarantined } from '../../trail/store/quarantine.js';
import { configOf } from './context.js';
import { withTrail } from './open-trail.js';
import { askRunningServer } from './running-server.js';

/** A part that cannot be read is shown with the reason. The other parts are shown all the same. */
interface Unreadable {
  readonly error: string;
}

interface QueuePart {
  readonly file: string;
  readonly uuid: string;
  readonly server: string;
  readonly lastSequence: number;
  /** ISO 8601. */
  readonly lastAt: string | null;
  readonly shipped: number;
  readonly unshipped: number;
}

interface TrailPart {
  readonly place: string;
  readonly sequence: number;
  /** Events of the queue that the trail does not have yet; missing if the queue cannot be read. */
  readonly behind?: number;
  readonly quarantined: number;
}

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
      // A server that is down is an answer. Only if no part can be read is there none
      process.exitCode = Object.values(parts).every((part) => 'error' in part) ? EXIT.unreachable : exitCode;
    });
}

async function serverStatus(config: Config): Promise<ServerStatus | Unreadable> {
  try {
    const answer = await askRunningServer(config.queue.file, 'status');
    return answer ?? { error: 'no server runs on this queue' };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function queueStatus(file: string): QueuePart | Unreadable {
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

async function trailStatus(
  config: Config,
  queue: QueuePart | Unreadable,
): Promise<{ part: TrailPart | Unreadable; exitCode: ExitCode }> {
  try {
    const part = await withTrail(config.audit.url, async (trail) => {
      const position = 'uuid' in queue ? await trail.position(queue.uuid) : undefined;
      const sequence = position?.sequence ?? 0;
      const quarantined = await countQuarantined(trail.connection);
      return { place: trail.location, sequence, ...lagOf(queue, sequence), quarantined };
    });
    return { part, exitCode: EXIT.ok };
  } catch (error) {
    const exitCode = error instanceof PortledgerError ? error.exitCode : EXIT.unreachable;
    return { part: { error: reasonOf(error) }, exitCode };
  }
}

/** The message, with its hint if there is one. */
function reasonOf(error: unknown): string {
  const hint = error instanceof PortledgerError ? error.hint : undefined;
  return hint ? `${messageOf(error)} (${hint})` : messageOf(error);
}

function lagOf(queue: QueuePart | Unreadable, sequence: number): Pick<TrailPart, 'behind'> {
  return 'lastSequence' in queue ? { behind: queue.lastSequence - sequence } : {};
}

/** Two columns. Nested objects are indented. */
function textOf(parts: object, indent = ''): string {
  let text = '';
  for (const [key, value] of Object.entries(parts)) {
    if (Array.isArray(value)) {
      text += `${indent}${key}\n${value.map((entry) => `${indent}  ${inline(entry)}\n`).join('')}`;
    } else if (typeof value === 'object' && value !== null) {
      text += `${indent}${key}\n${textOf(value, `${indent}  `)}`;
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
