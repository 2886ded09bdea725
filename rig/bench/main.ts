// npm run bench [-- --quick] [--verify EVENTS] [PART ...]: measures, prints a table and writes dist/bench.json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { databases } from './databases.js';
import { dhcp } from './dhcp.js';
import { drain } from './drain.js';
import { memory } from './memory.js';
import { pair } from './pair.js';
import { report } from './report.js';
import { type Row, shown } from './result.js';
import type { Settings } from './settings.js';
import { ship } from './ship.js';

const RESULT = fileURLToPath(new URL('../../dist/bench.json', import.meta.url));

const PARTS: Readonly<Record<string, (settings: Settings) => Promise<Row[]>>> = {
  dhcp,
  drain,
  pair,
  ship,
  report,
  memory,
  databases,
};

/** What is only measured when asked for: it compares databases, not Portledger with others. */
const ON_DEMAND = ['databases'];

async function main(): Promise<void> {
  const { values, positionals: chosen } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, verify: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = chosen.find((word) => !(word in PARTS));
  if (unknown !== undefined) throw new Error(`"${unknown}" is no part; there are ${Object.keys(PARTS).join(', ')}`);
  const { quick } = values;
  const verify = values.verify === undefined ? undefined : Number(values.verify);
  if (verify !== undefined && !(Number.isInteger(verify) && verify > 0))
    throw new Error('--verify wants a number of events');
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
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.exit();
