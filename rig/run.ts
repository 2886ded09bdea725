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
  /** Each service's log. */
  readonly logs: Readonly<Record<string, string>>;
  /** False if something of the campus could not be removed from the engine. */
  readonly isRemoved: boolean;
}

/** Seconds: until the first fault; between faults; between deeds of clients; before the end no more faults; between samples. */
const TIMES = { settle: 15, rest: 8, client: 11, calm: 12, sample: 15 };

/**
 * Runs a campus and checks its trail. It removes everything it made, also on failure or abort. If that fails, it says so and still returns
 * the result of the run.
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
    say('the permuter has stopped: collecting evidence from taps, permuter and trail');
    await monitor.stop();
    const run = await collect(campus, faults);
    return { run, verdict: check(run), samples: monitor.samples, logs: await logsOf(campus) };
  } finally {
    await monitor.stop();
  }
}

/** Removes the campus. Prints what is left and returns false if that fails. */
export async function isGone(campus: Pick<Campus, 'stop'>, say: (line: string) => void): Promise<boolean> {
  try {
    await campus.stop();
    return true;
  } catch (error) {
    say(
      `the campus was not removed completely (npm run rig:reset removes the rest): ${error instanceof Error ? error.message : error}`,
    );
    return false;
  }
}

async function logsOf(campus: Campus): Promise<Record<string, string>> {
  const logs = await Promise.all(campus.services.map(async (service) => [service, await campus.log(service)] as const));
  return Object.fromEntries(logs);
}

/** Causes faults until shortly before the end, or until a service has died by itself, which the verdict reports. */
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

/** True if a service does not run although no fault is in force; prints its name. */
export async function hasDied(campus: Pick<Campus, 'states'>, say: (line: string) => void): Promise<boolean> {
  const dead = Object.entries(await campus.states()).filter(([, state]) => state !== 'running');
  if (dead.length === 0) return false;
  say(`${dead.map(([service, state]) => `${service} is ${state}`).join(', ')}: no more faults`);
  return true;
}

function hasTimeFor({ seconds }: FaultPlan, pause: number, end: number): boolean {
  return Date.now() + (pause + seconds + TIMES.calm) * 1000 < end;
}

/** From time to time, makes a client release its lease or crash. */
async function troubleClients(campus: Campus, options: RigOptions, end: number, signal: AbortSignal): Promise<void> {
  const random = randomFrom(options.seed + 1);
  while (Date.now() + (TIMES.client + 1) * 1000 < end) {
    await idle(TIMES.client, signal);
    await troubleClient(campus, options.clients, random);
  }
}

/** Waits; throws as soon as the signal aborts. */
async function idle(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await setTimeout(Math.max(0, seconds) * 1000, undefined, { signal });
}
