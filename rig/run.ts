import { setTimeout } from 'node:timers/promises';
import { Campus } from './campus.js';
import { check, type Run, type Verdict } from './checker/check.js';
import type { Fault } from './checker/journal.js';
import { troubleClient } from './clients.js';
import { collect } from './evidence.js';
import { commit, type FaultPlan, faultPlans } from './faults.js';
import { Monitor, type Sample } from './monitor.js';
import type { RigOptions } from './options.js';
import { randomFrom } from './roles/random.js';

export interface RigResult {
  readonly run: Run;
  readonly verdict: Verdict;
  readonly samples: readonly Sample[];
  /** What each service logged. */
  readonly logs: Readonly<Record<string, string>>;
  /** False if something of the campus is left on the engine. */
  readonly isRemoved: boolean;
}

/** Seconds: until the first fault; between faults; between deeds of clients; before the end no more faults; between samples. */
const TIMES = { settle: 15, rest: 8, client: 11, calm: 12, sample: 15 };

/**
 * Runs a campus from start to end and checks its trail. All that it made is removed, also if it fails or the signal ends it; where that does not
 * succeed it says so, and what is known of the run is not lost.
 */
export async function runRig(
  name: string,
  options: RigOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RigResult> {
  const campus = await Campus.start(name, options, signal);
  let isRemoved = false;
  const remove = async () => {
    isRemoved = await isGone(campus, say);
  };
  const result = await liveThrough(campus, options, say, signal).finally(remove);
  return { ...result, isRemoved };
}

async function liveThrough(
  campus: Campus,
  options: RigOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Omit<RigResult, 'isRemoved'>> {
  const monitor = new Monitor(campus, TIMES.sample, say);
  try {
    say(`${campus.services.length} containers are up, addresses ${campus.net}.0/24`);
    const end = Date.now() + options.minutes * 60_000;
    const [faults] = await Promise.all([
      breakThings(campus, options, end, say, signal),
      troubleClients(campus, options, end, signal),
    ]);
    say('the permuter rests: collecting what the taps, the permuter and the trail say');
    await monitor.stop();
    const run = await collect(campus, faults);
    return { run, verdict: check(run), samples: monitor.samples, logs: await logsOf(campus) };
  } finally {
    await monitor.stop();
  }
}

/** Removes the campus. False if something is left of it, which it says. */
export async function isGone(campus: Pick<Campus, 'stop'>, say: (line: string) => void): Promise<boolean> {
  try {
    await campus.stop();
    return true;
  } catch (error) {
    say(
      `something of the campus is left, which npm run rig:reset removes: ${error instanceof Error ? error.message : error}`,
    );
    return false;
  }
}

async function logsOf(campus: Campus): Promise<Record<string, string>> {
  const logs = await Promise.all(campus.services.map(async (service) => [service, await campus.log(service)] as const));
  return Object.fromEntries(logs);
}

/** One fault after the other until shortly before the end, or until a service has died by itself: that is for the verdict. */
async function breakThings(
  campus: Campus,
  options: RigOptions,
  end: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const plans = faultPlans(randomFrom(options.seed));
  let plan: FaultPlan = plans.next().value;
  for (let pause = TIMES.settle; options.faults && hasTimeFor(plan, pause, end); pause = TIMES.rest) {
    await idle(pause, signal);
    if (await hasDied(campus, say)) break;
    say(`fault: ${plan.kind} at ${plan.host}, ${plan.seconds} s`);
    faults.push(await commit(campus, plan));
    plan = plans.next().value;
  }
  await idle((end - Date.now()) / 1000, signal);
  return faults;
}

/** True if not all services run, though nothing is broken just now; it says which. */
export async function hasDied(campus: Pick<Campus, 'states'>, say: (line: string) => void): Promise<boolean> {
  const dead = Object.entries(await campus.states()).filter(([, state]) => state !== 'running');
  if (dead.length === 0) return false;
  say(`${dead.map(([service, state]) => `${service} is ${state}`).join(', ')}: nothing more is broken`);
  return true;
}

function hasTimeFor({ seconds }: FaultPlan, pause: number, end: number): boolean {
  return Date.now() + (pause + seconds + TIMES.calm) * 1000 < end;
}

/** Now and then a client gives its lease back, or crashes. */
async function troubleClients(campus: Campus, options: RigOptions, end: number, signal: AbortSignal): Promise<void> {
  const random = randomFrom(options.seed + 1);
  while (Date.now() + (TIMES.client + 1) * 1000 < end) {
    await idle(TIMES.client, signal);
    await troubleClient(campus, options.clients, random);
  }
}

/** Waits; throws at once when the signal comes. */
async function idle(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await setTimeout(Math.max(0, seconds) * 1000, undefined, { signal });
}
