// npm run bench [-- --quick] [--verify EVENTS] [PART ...]: measures, prints a table and writes dist/bench.json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { databases } from './databases.js';
import { dhcp } from './dhcp.js';
import { drain } from './drain.js';
import { memory } from './memory.js';
import { pair } from './pair.js';
import { report } from './report.js';
import { type Row, shown } from './result.js';
import type { Settings } from './settings.js';
import { ship } from './ship.js';
import { start } from './start.js';

const RESULT = fileURLToPath(new URL('../../dist/bench.json', import.meta.url));

const PARTS: Readonly<Record<string, (settings: Settings) => Promise<Row[]>>> = {
  dhcp,
  drain,
  pair,
  ship,
  report,
  memory,
  start,
  databases,
};

/** Parts that run only if named: they do not compare Portledger with other servers. */
const ON_DEMAND = ['start', 'databases'];

const NOTES = `
Without PART it runs all parts but ${ON_DEMAND.join(' and ')}. It needs root, for network namespaces, and the programs that npm run setup
installs. dist/bench.json has the results of the last run.

Exit codes: 0 measured, 1 failed, 2 wrong usage.`;

/** Reads the command line of `npm run bench`. Exits with 2 if it is wrong. */
function readCommandLine(): { quick: boolean; verify?: number; chosen: string[] } {
  const command = new Command('npm run bench --')
    .description('Measures Portledger beside its peers, prints a table and writes dist/bench.json.')
    .addArgument(new Argument('[part...]', 'what to measure').choices(Object.keys(PARTS)))
    .option('--quick', 'smaller and once only, in under three minutes', false)
    .option('--verify <events>', 'events that the part databases verifies', events)
    .addHelpText('after', NOTES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse();
  return { ...command.opts(), chosen: command.args };
}

function events(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

async function main(): Promise<void> {
  const { quick, verify, chosen } = readCommandLine();
  if (process.getuid?.() !== 0) throw new Error('It needs root, for network namespaces');
  const folder = mkdtempSync(join(tmpdir(), 'portledger-bench-'));
  const settings = { quick, rounds: quick ? 1 : 2, seconds: quick ? 1 : 2, factor: quick ? 2 : 1.4, verify, folder };
  const rows: Row[] = [];
  try {
    for (const [name, measure] of Object.entries(PARTS)) {
      if (chosen.length > 0 ? !chosen.includes(name) : ON_DEMAND.includes(name)) continue;
      const began = performance.now();
      const part = await measure(settings);
      print(part);
      console.log(`${name} took ${Math.round((performance.now() - began) / 1000)} s`);
      rows.push(...part);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  write(rows, quick);
}

function print(rows: readonly Row[]): void {
  console.table(
    rows.map(({ part, what, subject, value, ratio }) => ({
      part,
      what,
      subject,
      value: shown(value),
      'Portledger is': ratio === undefined ? '' : `${shown(ratio)} x this`,
    })),
  );
}

function write(rows: readonly Row[], quick: boolean): void {
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, memory: totalmem(), node: process.version };
  mkdirSync(dirname(RESULT), { recursive: true });
  writeFileSync(RESULT, `${JSON.stringify({ at: new Date().toISOString(), quick, machine, rows }, null, 2)}\n`);
  console.log(`Written to ${RESULT}`);
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
process.exit();
