import { Campus, type Namespace } from '../../../rig/lab/netns.js';
import { until } from '../../../rig/lab/until.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { DhcpdServer } from './dhcpd.js';
import { PortledgerServer } from './portledger.js';
import type { PairLease, PairPlace, PairServer, PairSettings, PairStates } from './server.js';

export type Program = PairServer['program'];

export const SETTINGS: PairSettings = {
  mclt: 6,
  leaseTime: 40,
  split: 128,
  maxResponseDelay: 4,
  loadBalanceMaxSeconds: 3,
  pool: '198.18.16.1-198.18.17.254',
};

const PRIMARY: PairPlace = { role: 'primary', address: '198.18.0.2', own: '198.19.0.2', peer: '198.19.0.3' };
const SECONDARY: PairPlace = { role: 'secondary', address: '198.18.0.3', own: '198.19.0.3', peer: '198.19.0.2' };

/**
 * Two servers that share a pool: both on one switch with the clients (eth0), and on another one for what they tell each other
 * (eth1).
 */
export class Pair {
  readonly campus = new Campus();
  readonly switch: Namespace;
  /** What stands between the two, with the ports `primary` and `secondary`. */
  readonly between: Namespace;
  readonly hosts: readonly [Namespace, Namespace];
  readonly primary: PairServer;
  readonly secondary: PairServer;
  readonly #folders = [makeTempDir(), makeTempDir()] as const;
  #plugs = 0;

  constructor(primary: Program, secondary: Program, changes: Partial<PairSettings> = {}, audit = 'sqlite:./audit.db') {
    const settings = { ...SETTINGS, ...changes };
    this.switch = this.campus.switch();
    this.between = this.campus.switch();
    this.hosts = [this.campus.host(), this.campus.host()];
    for (const [i, { address, own, role }] of [PRIMARY, SECONDARY].entries()) {
      this.plug({ in: this.hosts[i]!, name: 'eth0', address: `${address}/16` });
      this.campus.plug({ in: this.hosts[i]!, name: 'eth1', address: `${own}/24` }, this.between, role);
    }
    this.primary = this.#make(primary, 0, PRIMARY, settings, audit);
    this.secondary = this.#make(secondary, 1, SECONDARY, settings, audit);
  }

  get servers(): readonly [PairServer, PairServer] {
    return [this.primary, this.secondary];
  }

  /** Adds a host for clients; `address` is only for those that are relays, as perfdhcp is. */
  client(address?: string, mac?: string): Namespace {
    const host = this.campus.host();
    this.plug({ in: host, name: 'eth0', ...(address ? { address } : {}), ...(mac ? { mac } : {}) });
    return host;
  }

  plug(leg: Parameters<Campus['plug']>[0]): void {
    this.campus.plug(leg, this.switch, `port${++this.#plugs}`);
  }

  async start(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  /** Lets no packet through between the two; neither is told. Clients still reach both. */
  partition(): void {
    this.#isolate('on');
  }

  heal(): void {
    this.#isolate('off');
  }

  /** Lets so many kilobits a second through between the two, each way; undefined lets all through again. */
  limit(kilobits: number | undefined): void {
    for (const { role } of [PRIMARY, SECONDARY]) {
      const on = ['replace', 'dev', role, 'root', 'tbf', 'rate', `${kilobits}kbit`, 'burst', '1600', 'latency', '10s'];
      this.between.run('tc', 'qdisc', ...(kilobits === undefined ? ['del', 'dev', role, 'root'] : on));
    }
  }

  /** Waits until both say these states of their own. */
  async reaches(primary: string, secondary: string, withinMs = 30_000): Promise<void> {
    let seen: PairStates[] = [];
    const reached = async () => {
      seen = await Promise.all(this.servers.map((server) => server.states()));
      return seen[0]!.own === primary && seen[1]!.own === secondary;
    };
    await until(`${primary} and ${secondary}`, reached, {
      withinMs,
      detail: () => `${JSON.stringify(seen)}\n${this.log()}`,
    });
  }

  /** Waits until one of the two says this state of its own. */
  async stateOf(server: PairServer, state: string, withinMs = 15_000): Promise<void> {
    const reached = async () => (await server.states()).own === state;
    await until(`${server.name} in ${state}`, reached, { withinMs, detail: () => server.log });
  }

  async reachesNormal(withinMs?: number): Promise<void> {
    await this.reaches('normal', 'normal', withinMs);
  }

  /** Waits until a fresh pair is in NORMAL and the secondary has its share of the addresses: it begins with none. */
  async reachesReady(): Promise<void> {
    await this.reachesNormal();
    const isShared = (leases: Map<string, PairLease>) => [...leases.values()].some(({ status }) => status === 'backup');
    const shared = async () => (await Promise.all(this.servers.map((server) => server.leases()))).every(isShared);
    await until('addresses of the secondary', shared, { withinMs: 15_000, detail: () => this.log() });
    await this.reachesEqual();
  }

  /** What both logged so far. */
  log(): string {
    return this.servers.map(({ name, log }) => `== ${name}\n${log}`).join('\n');
  }

  /** Waits until both say the same of every address. */
  async reachesEqual(withinMs = 15_000): Promise<void> {
    let differences: string[] = [];
    const reached = async () => {
      const [one, other] = await Promise.all(this.servers.map((server) => server.leases()));
      differences = differencesOf(one!, other!);
      return differences.length === 0;
    };
    const detail = () => `${differences.join('\n')}\n${this.log()}`;
    await until('equal lease tables', reached, { withinMs, detail });
  }

  /** Takes everything down, whatever state it is in. */
  async close(): Promise<void> {
    try {
      await this.campus.remove();
    } finally {
      for (const folder of this.#folders) removeTempDir(folder);
    }
  }

  #isolate(isolated: 'on' | 'off'): void {
    for (const { role } of [PRIMARY, SECONDARY]) {
      this.between.ip('link', 'set', role, 'type', 'bridge_slave', 'isolated', isolated);
    }
  }

  #make(program: Program, i: 0 | 1, place: PairPlace, settings: PairSettings, audit: string): PairServer {
    const [host, folder] = [this.hosts[i], this.#folders[i]];
    return program === 'dhcpd'
      ? new DhcpdServer(host, folder, place, settings)
      : new PortledgerServer(host, folder, place, settings, audit);
  }
}

/** What the two say differently, an address a line. */
function differencesOf(one: ReadonlyMap<string, PairLease>, other: ReadonlyMap<string, PairLease>): string[] {
  const addresses = new Set([...one.keys(), ...other.keys()]);
  const said = (lease: PairLease | undefined) => JSON.stringify(lease ?? NEVER_USED);
  return [...addresses]
    .filter((address) => said(one.get(address)) !== said(other.get(address)))
    .map((address) => `${address}: ${said(one.get(address))} and ${said(other.get(address))}`);
}

/** An address that a server does not list is free for the primary. */
const NEVER_USED: PairLease = { status: 'free', mac: null, ends: null };
