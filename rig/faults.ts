import type { Campus } from './campus.js';
import type { Fault } from './checker/journal.js';
import { pick, shuffle } from './roles/random.js';

export const FAULT_KINDS = [
  'server-killed',
  'shipper-killed',
  'logger-killed',
  'pair-parted',
  'network-cut',
  'server-paused',
  'shipper-paused',
  'logger-paused',
  'clock-stepped',
] as const satisfies readonly Fault['kind'][];
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A planned fault. */
export interface FaultPlan {
  readonly kind: FaultKind;
  readonly host: 'a' | 'b';
  /** How long it lasts; for a clock, how far it is set forward or back. */
  readonly seconds: number;
}

const READY_MS = 20_000;

/** An endless sequence of faults from a seed: rounds with each kind once, in random order. A clock set forward is set right the next time. */
export function* faultPlans(random: () => number): Generator<FaultPlan, never> {
  const wrong = { a: 0, b: 0 };
  while (true) {
    for (const kind of shuffle(FAULT_KINDS, random)) {
      const host = pick(['a', 'b'] as const, random);
      const seconds = 3 + Math.floor(random() * 8);
      if (kind !== 'clock-stepped') yield { kind, host, seconds };
      else {
        const step = wrong[host] === 0 ? seconds : -wrong[host];
        wrong[host] += step;
        yield { kind, host, seconds: step };
      }
    }
  }
}

/** Causes a fault and undoes it. Resolves when everything works again, with what was done and when. */
export async function commit(campus: Campus, { kind, host, seconds }: FaultPlan): Promise<Fault> {
  const server = `dhcp-${host}`;
  switch (kind) {
    case 'server-killed':
      return { kind, server, ...(await killServer(campus, host, seconds)) };
    case 'shipper-killed':
      return {
        kind,
        server,
        ...(await during(
          seconds,
          () => campus.kill(`ship-${host}`),
          () => campus.startAgain(`ship-${host}`),
        )),
      };
    case 'logger-killed':
      return {
        kind,
        ...(await during(
          seconds,
          () => campus.kill('logger'),
          () => campus.startAgain('logger'),
        )),
      };
    case 'server-paused':
      return { kind, server, ...(await pause(campus, `serve-${host}`, seconds)) };
    case 'shipper-paused':
      return { kind, server, ...(await pause(campus, `ship-${host}`, seconds)) };
    case 'logger-paused':
      return { kind, ...(await pause(campus, 'logger', seconds)) };
    case 'pair-parted':
      return { kind, ...(await part(campus, seconds)) };
    case 'network-cut':
      return { kind, server, ...(await cutNetwork(campus, host, seconds)) };
    case 'clock-stepped':
      return { kind, server, seconds, ...(await stepClock(campus, host, seconds)) };
  }
}

/** Now, in microseconds since 1970. */
export function now(): number {
  return Date.now() * 1000;
}

export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Keeps a fault in force for its duration. */
async function during(seconds: number, begin: () => Promise<unknown>, end: () => Promise<unknown>) {
  await begin();
  const at = now();
  await sleep(seconds);
  const undone = now();
  await end();
  return { at, undone, until: now() };
}

async function pause(campus: Campus, service: string, seconds: number) {
  const at = now();
  const times = await during(
    seconds,
    () => campus.pause(service),
    () => campus.unpause(service),
  );
  return { ...times, at, held: times.at };
}

/** The server is back when it has its socket and has had time to log that. */
async function killServer(campus: Campus, host: 'a' | 'b', seconds: number) {
  return await during(
    seconds,
    () => campus.kill(`serve-${host}`),
    async () => {
      await campus.startAgain(`serve-${host}`);
      const deadline = Date.now() + READY_MS;
      while (!(await campus.run(`host-${host}`, ['ss', '-Huln', 'sport = :67'])).includes(':67')) {
        if (Date.now() > deadline)
          throw new Error(`serve-${host} did not come back: ${await campus.log(`serve-${host}`)}`);
        await sleep(0.1);
      }
      await sleep(1);
    },
  );
}

/** Cuts the servers off from each other; all other traffic goes on. */
async function part(campus: Campus, seconds: number) {
  const route = (what: string) => campus.run('host-a', ['ip', 'route', what, 'blackhole', `${campus.net}.67/32`]);
  return await during(
    seconds,
    () => route('add'),
    () => route('del'),
  );
}

/** Unplugs the server's cable to the gateway. */
async function cutNetwork(campus: Campus, host: 'a' | 'b', seconds: number) {
  const shell = (text: string) => campus.run(`host-${host}`, ['sh', '-c', `. rig/roles/lib.sh; ${text}`]);
  return await during(
    seconds,
    () => shell('ip link set "$(interface_of "$RIG_ADDRESS")" down'),
    () =>
      shell('ip link set "$(interface_of "$RIG_ADDRESS")" up && ip route replace "$RIG_NET.128/25" via "$RIG_GATEWAY"'),
  );
}

/** Steps of a clock add up. */
async function stepClock(campus: Campus, host: 'a' | 'b', seconds: number) {
  const at = now();
  const add = `clock=/var/lib/portledger/clock; echo "$(($(tr -d + < $clock) + ${seconds}))" | sed 's/^[0-9]/+&/' > $clock.new && mv $clock.new $clock`;
  await campus.run(`serve-${host}`, ['sh', '-c', add]);
  return { at, undone: at, until: now() };
}
