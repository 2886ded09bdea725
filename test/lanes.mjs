// All tests, in two lanes at once: the failover pairs in network namespaces mostly wait for leases to end and need no quiet machine. The
// last line counts both lanes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printSummary } from './support/summary.cjs';

const PAIR = 'test/integration/failover/**/*.test.ts';
const LANES = [
  { name: 'all but the pair in namespaces', args: [`--ignore=${PAIR}`] },
  { name: 'the pair in namespaces', args: [PAIR] },
];

const folder = mkdtempSync(join(tmpdir(), 'portledger-lanes-'));
const running = new Set();

/** Runs a lane. Its output is shown at once, or collected so that it does not mix with the other lane's. */
function run({ args }, index, isShownAtOnce) {
  const summary = join(folder, `${index}.json`);
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['--no-install', 'mocha', ...args], {
      env: { ...process.env, PORTLEDGER_TEST_SUMMARY: summary },
      stdio: ['inherit', ...(isShownAtOnce ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
    });
    running.add(child);
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => void printed.push(part));
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, printed: Buffer.concat(printed), summary: readSummary(summary) });
    });
  });
}

function endAll(signal) {
  for (const child of running) child.kill(signal);
}

function readSummary(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Adds up the lanes' summaries. A lane without a summary did not end by itself and counts as one failure. */
function add(results) {
  const all = { passed: 0, failed: 0, skipped: {}, seconds: {} };
  for (const [index, { code, summary }] of results.entries()) {
    const { passed, failed, skipped, seconds } = summary ?? { passed: 0, failed: 0, skipped: {}, seconds: {} };
    if (!summary) console.log(`Ended before it could be counted (exit code ${code}): ${LANES[index].name}`);
    all.passed += passed;
    all.failed += summary && (failed > 0 || code === 0) ? failed : Math.max(1, failed);
    Object.assign(all.seconds, seconds);
    for (const [reason, count] of Object.entries(skipped)) all.skipped[reason] = (all.skipped[reason] ?? 0) + count;
  }
  return all;
}

async function main() {
  // A terminal sends its signals to the lanes too; wait for them to end
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => endAll(signal));
  try {
    const [shown, waiting] = LANES.map((lane, index) => run(lane, index, index === 0));
    const results = [await shown, await waiting];
    console.log(`\n== ${LANES[1].name}, meanwhile`);
    process.stdout.write(results[1].printed);
    const total = add(results);
    printSummary(total);
    return total.failed > 0 || results.some(({ code }) => code !== 0) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
