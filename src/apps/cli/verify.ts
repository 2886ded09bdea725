import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type Command, Option } from 'commander';
import { EXIT, messageOf, UsageError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { type Micros, SystemClock } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { checkpointOfJson } from '../../ledger/proof/json.js';
import type { PublicKey } from '../../ledger/proof/key.js';
import { readPublicKeyFile } from '../../ledger/proof/key-file.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { parseTimeInput } from '../../report/ask/time-input.js';
import { namingOf } from '../../trail/store/naming.js';
import { checkBundle } from '../../trail/verify/bundle-check.js';
import { PinBoard } from '../../trail/verify/pins.js';
import { isEmpty, summaryJson, summaryText } from '../../trail/verify/summary.js';
import { verifyTrail } from '../../trail/verify/verify.js';
import { configOf } from './context.js';
import { withTrail } from './open-trail.js';

const EXAMPLES = `
Examples:
  everything, against the keys that the servers' owners keep:
    portledger verify --public-key dhcp-a.pub --public-key dhcp-b.pub
  one server, one day:
    portledger verify --server dhcp-a --from 2026-11-19 --to 2026-11-20
  that the trail still has what was signed last month (made then with: portledger checkpoint > then.json):
    portledger verify --public-key dhcp-a.pub --checkpoint then.json
  a bundle of portledger evidence, without any database or configuration:
    portledger verify --bundle case-4711.json --public-key dhcp-a.pub

Each fault is one line with the event it was found at. Without --public-key signatures are checked against the keys
in the trail itself, which proves nothing against the administrator of the database.

Exit code 4: a fault was found; 1: the trail has no event of what was asked for, or none at all.`;

interface Options {
  readonly server?: string;
  readonly from?: string;
  readonly to?: string;
  readonly publicKey: readonly string[];
  readonly checkpoint: readonly string[];
  readonly bundle?: string;
  readonly output: 'text' | 'json';
}

/** `portledger verify`: checks the trail, or a bundle. */
export function register(command: Command): void {
  const several = (value: string, before: string[]): string[] => [...before, value];
  command
    .option('--server <name>', 'only the queues of this server')
    .option('--from <time>', 'only events since this moment')
    .option('--to <time>', 'only events before this moment, up to the next checkpoint')
    .option('--public-key <file>', 'trust only this key and those it certified (repeatable)', several, [])
    .option('--checkpoint <file>', 'demand that the trail fits this checkpoint (repeatable)', several, [])
    .option('--bundle <file>', 'check a bundle of portledger evidence instead of the trail')
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options, command: Command) => {
      checkOptions(options);
      const trusted = options.publicKey.map(readPublicKeyFile);
      if (options.bundle === undefined) await verify(configOf(command), options, trusted);
      else verifyBundle(options.bundle, options, trusted);
    });
}

/** Options that do not go with --bundle: a bundle is checked whole and without the trail. */
function checkOptions({ bundle, server, from, to, checkpoint }: Options): void {
  if (bundle === undefined) return;
  const asked = { '--server': server, '--from': from, '--to': to, '--checkpoint': checkpoint[0] };
  const beside = Object.entries(asked).find(([, value]) => value !== undefined);
  if (beside) {
    const hint = 'a bundle is checked whole and without the trail; only --public-key goes with it';
    throw new UsageError(`${beside[0]} cannot stand beside --bundle`, { hint });
  }
}

/**
 * Per cent by which garbage may grow before it is collected. V8's own limit lets memory grow to several times of what is in use, as if a
 * large trail were held in memory.
 */
const GARBAGE_PERCENT = 50;

async function verify(config: Config, options: Options, trusted: readonly PublicKey[]): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
  const pins = new PinBoard();
  for (const file of options.checkpoint) pins.addCheckpoint(checkpointOfJson(readJson(file)), file);
  addLocalQueue(pins, config.queue.file);
  const scope = { server: options.server, from: timeOf(options.from), to: timeOf(options.to) };
  if (scope.from !== undefined && scope.to !== undefined && scope.from >= scope.to)
    throw new UsageError('--from is not before --to', { hint: 'exchange them' });
  await withTrail(config.audit.url, async (trail) => {
    const began = performance.now();
    const naming = namingOf(config.switches);
    const result = await verifyTrail(trail.connection, { ...scope, trusted, naming, outside: pins.queues });
    const seconds = (performance.now() - began) / 1000;
    print(options.output === 'json' ? summaryJson(result, seconds) : summaryText(result, seconds));
    if (result.faultCount > 0) process.exitCode = EXIT.verificationFailed;
    else if (isEmpty(result)) process.exitCode = EXIT.nothingFound;
  });
}

/** The head of the queue on this machine, which the trail must have. */
function addLocalQueue(pins: PinBoard, file: string): void {
  if (!QueueReader.exists(file)) return;
  const reader = QueueReader.open(file);
  try {
    const { shipped, shippedHash, last } = reader.position();
    pins.addLocal({ queue: reader.uuid, shipped, shippedHash, last, checkpoint: reader.newestCheckpoint() });
  } finally {
    reader.close();
  }
}

function verifyBundle(file: string, { output }: Options, trusted: readonly PublicKey[]): void {
  const result = checkBundle(readJson(file), trusted);
  print(output === 'json' ? `${JSON.stringify(result, null, 2)}\n` : `${result.lines.join('\n')}\n`);
  if (!result.ok) process.exitCode = EXIT.verificationFailed;
}

/** Makes text of the trail safe for a terminal: somebody may have tampered with it. */
function print(text: string): void {
  process.stdout.write(text.split('\n').map(visible).join('\n'));
}

function timeOf(text: string | undefined): Micros | undefined {
  return text === undefined ? undefined : parseTimeInput(text, { now: new SystemClock().now(), zone: 'UTC' });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // Do not show the content: it may be a secret
    const reason = error instanceof SyntaxError ? 'it is no JSON' : messageOf(error);
    throw new UsageError(`${file} cannot be read: ${reason}`, { hint: 'give a file that Portledger wrote, unchanged' });
  }
}
