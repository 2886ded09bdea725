import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UsageError } from '../../base/errors.js';
import { parseIpv4 } from '../../net/ipv4.js';
import { DemoCampus, type DemoNetwork, demoConfig, isDemoConfig, LEASE_SECONDS } from './campus.js';
import { PortledgerProcess } from './processes.js';
import { openUdp } from './udp-port.js';

const SERVER = '127.66.0.1';
/** Files of an earlier run. Other files in the folder are left alone. */
const OWN_FILES = /^(portledger\.yaml|demo\.queue.*|audit\.db.*)$/;

/** What the demonstration prints to, and how it starts other commands. */
export interface DemoSetting {
  /** Folder for configuration, queue and trail. Those of an earlier run are replaced. */
  folder: string;
  /** The entry file of the program. */
  main: string;
  say: (line: string) => void;
}

/** Shared by all parts of a run. */
interface Run {
  config: string;
  main: string;
  say: (line: string) => void;
  /** Aborted when somebody stops the demonstration. */
  signal: AbortSignal;
}

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs server and shipper as real processes on loopback while a small campus speaks DHCP with them, then prints reports from the
 * trail. Takes under half a minute; needs no privileges. Throws UsageError if a signal stops it; what it started is stopped, too.
 */
export async function runDemo({ folder, main, say }: DemoSetting): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'portledger.yaml');
  if (existsSync(config) && !isDemoConfig(readFileSync(config, 'utf8'))) {
    throw new UsageError(`${config} is not of an earlier demonstration`, { hint: 'name another folder with --data' });
  }
  for (const file of readdirSync(folder)) if (OWN_FILES.test(file)) rmSync(join(folder, file));
  const network = { address: SERVER, port: await freePort() };
  writeFileSync(config, demoConfig(network));
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new UsageError('The demonstration was stopped before its end'));
  for (const signal of STOPPING) process.on(signal, onSignal);
  try {
    const run = { config, main, say, signal: stop.signal };
    await live(network, run);
    await showReports(run);
  } finally {
    for (const signal of STOPPING) process.off(signal, onSignal);
  }
}

/** Runs the campus, from the start of the first process to the stop of the last. */
async function live(network: DemoNetwork, { config, main, say, signal }: Run): Promise<void> {
  const server = new PortledgerProcess(main, ['serve', '-c', config]);
  const shipper = new PortledgerProcess(main, ['ship', '-c', config]);
  let campus: DemoCampus | undefined;
  try {
    await server.says('server-ready', signal);
    say(`server and shipper run; the server listens on ${network.address} port ${network.port}`);
    campus = await DemoCampus.open(network);
    await story(campus, say, signal);
  } catch (error) {
    // After a stop, failures are expected
    signal.throwIfAborted();
    throw error;
  } finally {
    campus?.close();
    await server.stop();
    await shipper.stop();
  }
  const rest = await new PortledgerProcess(main, ['ship', '--once', '-c', config]).ended();
  signal.throwIfAborted();
  if (rest !== 0) throw new Error(`the last events could not be shipped (exit code ${rest})`);
}

/** What happens on the campus. A client that stops renewing expires. */
async function story(campus: DemoCampus, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  for (const client of campus.clients) {
    signal.throwIfAborted();
    await client.boot();
    say(`${client.name} gets ${client.address} on ${client.place}`);
  }
  await seconds(LEASE_SECONDS / 4, signal);
  const carol = campus.client('carol-laptop');
  const before = carol.place;
  await carol.moveTo(campus.second, 4);
  say(`carol-laptop moves from ${before} to ${carol.place}`);
  await renewAll(campus, ['dave-printer'], say);
  await seconds(LEASE_SECONDS / 4, signal);
  campus.client('erin-phone').release();
  say('erin-phone releases its address');
  await seconds(LEASE_SECONDS / 4, signal);
  await renewAll(campus, ['dave-printer', 'erin-phone'], say);
  say('dave-printer is switched off without a word: its lease will expire');
  await seconds(LEASE_SECONDS / 2, signal);
}

async function renewAll(campus: DemoCampus, but: string[], say: (line: string) => void): Promise<void> {
  const renewing = campus.clients.filter(({ name }) => !but.includes(name));
  for (const client of renewing) await client.renew();
  say(`${renewing.map(({ name }) => name).join(', ')} renew by unicast: no relay, so no Option 82`);
}

async function showReports({ config, main, say, signal }: Run): Promise<void> {
  const from = relative(process.cwd(), config) || config;
  for (const question of [
    ['switch', 'sw-b'],
    ['mac', '02:00:00:00:00:03'],
    ['port', 'sw-a', 'Gi1/0/3'],
  ]) {
    say('');
    say(`$ portledger report ${question.join(' ')}`);
    await new PortledgerProcess(main, ['report', ...question, '-c', config]).ended();
    signal.throwIfAborted();
  }
  say('');
  say('The data stays. Ask it yourself, for example:');
  say(`  npx portledger report ip 127.66.1.10 -c ${from}`);
  say(`  npx portledger report gaps -c ${from}`);
  say(`  npx portledger report switch sw-b -o json -c ${from}`);
  say(`  npx portledger leases --all -c ${from}`);
}

/** A free port on the server's address; the next one is free too, for the clients. */
async function freePort(): Promise<number> {
  const probe = await openUdp(parseIpv4(SERVER), 0);
  probe.close();
  return probe.port;
}

async function seconds(count: number, signal: AbortSignal): Promise<void> {
  await wait(count * 1000, undefined, { signal });
}
