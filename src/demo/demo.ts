import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseIpv4 } from '../net/ipv4.js';
import { DemoCampus, type DemoNetwork, demoConfig, LEASE_SECONDS } from './campus.js';
import { PortledgerProcess } from './processes.js';
import { openUdp } from './udp-port.js';

const SERVER = '127.66.0.1';
/** What an earlier run left; anything else in the folder is not the demonstration's. */
const OWN_FILES = /^(portledger\.yaml|demo\.queue.*|audit\.db.*)$/;

/** Where the demonstration speaks to, and how it starts other commands. */
export interface DemoSetting {
  /** Where configuration, queue and trail go; those of an earlier run are replaced. */
  folder: string;
  /** The program's own entry file. */
  main: string;
  say: (line: string) => void;
}

/**
 * Runs server and shipper as real processes on loopback while a small campus speaks DHCP with them, then prints reports from the
 * trail. Takes half a minute; needs no privileges.
 */
export async function runDemo({ folder, main, say }: DemoSetting): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (OWN_FILES.test(file)) rmSync(join(folder, file));
  const config = join(folder, 'portledger.yaml');
  const network = { address: SERVER, port: await freePort() };
  writeFileSync(config, demoConfig(network));
  await live(network, config, main, say);
  await showReports(config, main, say);
}

/** The campus's half minute, from the first process started to the last one stopped. */
async function live(network: DemoNetwork, config: string, main: string, say: (line: string) => void): Promise<void> {
  const server = new PortledgerProcess(main, ['serve', '-c', config]);
  const shipper = new PortledgerProcess(main, ['ship', '-c', config]);
  let campus: DemoCampus | undefined;
  try {
    await server.says('server-ready');
    say(`server and shipper run; the server listens on ${network.address} port ${network.port}`);
    campus = await DemoCampus.open(network);
    await story(campus, say);
  } finally {
    campus?.close();
    await server.stop();
    await shipper.stop();
  }
  const rest = await new PortledgerProcess(main, ['ship', '--once', '-c', config]).ended();
  if (rest !== 0) throw new Error(`the last events could not be shipped (exit code ${rest})`);
}

/** What happens on the campus. Whoever does not renew any more expires. */
async function story(campus: DemoCampus, say: (line: string) => void): Promise<void> {
  for (const client of campus.clients) {
    await client.boot();
    say(`${client.name} gets ${client.address} on ${client.place}`);
  }
  await seconds(LEASE_SECONDS / 4);
  const carol = campus.client('carol-laptop');
  const before = carol.place;
  await carol.moveTo(campus.second, 4);
  say(`carol-laptop moves from ${before} to ${carol.place}`);
  await renewAll(campus, ['dave-printer'], say);
  await seconds(LEASE_SECONDS / 4);
  campus.client('erin-phone').release();
  say('erin-phone releases its address');
  await seconds(LEASE_SECONDS / 4);
  await renewAll(campus, ['dave-printer', 'erin-phone'], say);
  say('dave-printer is switched off without a word: its lease will expire');
  await seconds(LEASE_SECONDS / 2);
}

async function renewAll(campus: DemoCampus, but: string[], say: (line: string) => void): Promise<void> {
  const renewing = campus.clients.filter(({ name }) => !but.includes(name));
  for (const client of renewing) await client.renew();
  say(`${renewing.map(({ name }) => name).join(', ')} renew by unicast: no relay, so no Option 82`);
}

async function showReports(config: string, main: string, say: (line: string) => void): Promise<void> {
  const from = relative(process.cwd(), config) || config;
  for (const question of [
    ['switch', 'sw-b'],
    ['mac', '02:00:00:00:00:03'],
    ['port', 'sw-a', 'Gi1/0/3'],
  ]) {
    say('');
    say(`$ portledger report ${question.join(' ')}`);
    await new PortledgerProcess(main, ['report', ...question, '-c', config]).ended();
  }
  say('');
  say('The data stays. Ask it yourself, for example:');
  say(`  npx portledger report ip 127.66.1.10 -c ${from}`);
  say(`  npx portledger report gaps -c ${from}`);
  say(`  npx portledger report switch sw-b -o json -c ${from}`);
  say(`  npx portledger leases --all -c ${from}`);
}

/** A port that is free on the server's address, with its successor for the clients. */
async function freePort(): Promise<number> {
  const probe = await openUdp(parseIpv4(SERVER), 0);
  probe.close();
  return probe.port;
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
