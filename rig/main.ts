// npm run rig [-- --minutes N --seed S ...]: runs a campus in containers and compares its trail with the traffic. Exit codes: 0 the trail is
// exact, 1 it differs, a service died, or a process grows, 2 wrong usage, 3 the rig could not run or be removed, 130 stopped.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartPage } from './chart.js';
import { verdictText } from './checker/check.js';
import { dockerEngine } from './docker.js';
import { buildImage, IMAGE, requireImage } from './image/image.js';
import { lastWords } from './last-words.js';
import { growing, growthText } from './monitor.js';
import { readOptions } from './options.js';
import { removeRig } from './reset.js';
import { runRig } from './run.js';

const RESULTS = fileURLToPath(new URL('../dist/rig-runs', import.meta.url));
const [DIFFERS, FAILED, STOPPED] = [1, 3, 130];
/** Time for an orderly end after an uncaught error. */
const PATIENCE_MS = 60_000;

const options = readOptions(process.argv.slice(2));
const name = `portledger-rig-${process.pid}`;
const stop = new AbortController();
/** The first uncaught error. */
let failure: unknown;
const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

/** A second signal is ignored: the campus must be removed. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) say(`${signal}: removing the campus`);
    stop.abort();
  });
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, fail);

/** Removes the campus as after a signal, with a time limit: work that the error interrupted may never end by itself. */
function fail(error: unknown): void {
  if (failure !== undefined) return;
  failure = error ?? 'unknown';
  complain(error);
  stop.abort();
  setTimeout(async () => {
    await dockerEngine()
      .then((docker) => removeRig(docker, name))
      .catch(complain);
    process.exit(FAILED);
  }, PATIENCE_MS);
}

function complain(error: unknown): void {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
}

async function main(): Promise<number> {
  say(
    `seed ${options.seed}, ${options.minutes} minutes, ${options.clients} clients, ${options.switches} switches with ${options.ports} ports`,
  );
  const docker = await dockerEngine();
  if (!process.env.RIG_IMAGE) await buildImage(say);
  else await requireImage(docker, IMAGE);
  const { run, verdict, samples, logs, isRemoved } = await runRig(name, options, say, stop.signal);
  const grown = growing(samples);
  console.log(`\n${verdictText(verdict)}`);
  for (const service of verdict.lifeless) console.log(lastWords(service, logs[service] ?? ''));
  for (const growth of grown) console.log(growthText(growth));
  mkdirSync(RESULTS, { recursive: true });
  const record = join(RESULTS, `seed-${options.seed}.json`);
  const plain = (_: string, value: unknown) => (value instanceof Map ? [...value] : value);
  writeFileSync(record, JSON.stringify({ options, run, samples, logs }, plain));
  const chart = join(RESULTS, `seed-${options.seed}.html`);
  writeFileSync(chart, chartPage(`Rig, ${options.minutes} minutes, seed ${options.seed}`, samples));
  console.log(`\nseed ${options.seed}: ${verdict.isExact ? 'the trail is exact' : 'the run is not exact'}`);
  console.log(`record ${record}\nchart  ${chart}`);
  if (!verdict.isExact || grown.length > 0) return DIFFERS;
  return isRemoved ? 0 : FAILED;
}

try {
  const code = await main();
  process.exit(failure === undefined ? code : FAILED);
} catch (error) {
  const isStopped = stop.signal.aborted;
  if (!isStopped) complain(error);
  process.exit(isStopped && failure === undefined ? STOPPED : FAILED);
}
