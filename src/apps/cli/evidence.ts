import { closeSync, openSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT, messageOf, UsageError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { SystemClock } from '../../base/time.js';
import { parseAddressInput } from '../../report/ask/arguments.js';
import { parseMomentInput } from '../../report/ask/time-input.js';
import { makeBundle } from '../../trail/verify/bundle.js';
import { checkBundle } from '../../trail/verify/bundle-check.js';
import { configOf } from './context.js';
import { withTrail } from './open-trail.js';

const EXAMPLES = `
Example:
  portledger evidence --ip 198.18.16.7 --at 2026-11-20T14:03:07Z -f case-4711.json
  portledger verify --bundle case-4711.json --public-key dhcp-a.pub

The bundle holds the sighting, its events, the stretch of the chain that they lie in up to the next signed checkpoint,
and what it proves in plain words. The stretch has records of other clients, too: none can be left out of a chain.

Exit code 1: there is no evidence of the address then; 4: the bundle does not verify, the trail was changed.`;

interface Options {
  readonly ip: string;
  readonly at: string;
  readonly file: string;
}

/** `portledger evidence`: writes the proof of who had an address into one file. */
export function register(command: Command): void {
  command
    .requiredOption('--ip <address>', 'the address')
    .requiredOption('--at <time>', 'when (forms as in portledger report)')
    .requiredOption('-f, --file <file>', 'where to write the bundle; must not exist')
    .addHelpText('after', EXAMPLES)
    .action((options: Options, command: Command) => write(options, command));
}

async function write({ ip, at, file }: Options, command: Command): Promise<void> {
  const now = new SystemClock().now();
  const { from, until } = parseMomentInput(at, { now, zone: 'UTC' });
  const question = { ip: parseAddressInput(ip), at: from, until };
  const bundle = await withTrail(configOf(command).audit.url, ({ knex }) => makeBundle(knex, question, now));
  if (bundle === null) {
    process.stderr.write(
      `No evidence of ${visible(ip)} then; portledger report ip ${visible(ip)} --at ${JSON.stringify(at)} says whether there could be any\n`,
    );
    process.exitCode = EXIT.nothingFound;
    return;
  }
  const text = `${JSON.stringify(bundle.json, null, 2)}\n`;
  save(file, text);
  warnOfFaults(text, bundle.unsigned.length);
  for (const queue of bundle.unsigned) {
    process.stderr.write(
      `warning: the events of queue ${queue} are not under a checkpoint yet, so this proves nothing; run portledger checkpoint on its server, let it ship, and make the bundle again\n`,
    );
  }
}

/** Verifies the trail first: whoever takes the bundle to court must learn of a changed trail before. */
function warnOfFaults(text: string, unsigned: number): void {
  const { faults } = checkBundle(JSON.parse(text), []);
  // Without a checkpoint a queue has this finding; it gets a note of its own
  if (faults.length <= unsigned) return;
  for (const fault of faults) process.stderr.write(`warning: ${visible(fault)}\n`);
  process.stderr.write('warning: this bundle does not verify; run portledger verify, which says what was changed\n');
  process.exitCode = EXIT.verificationFailed;
}

/** Writes personal data: only the owner may read the file, and an existing file is not overwritten. */
function save(file: string, text: string): void {
  try {
    const fd = openSync(file, 'wx', 0o600);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${messageOf(error)}`, { hint: 'name a file that does not exist' });
  }
}
