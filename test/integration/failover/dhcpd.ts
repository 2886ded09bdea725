import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../../rig/lab/netns.js';
import type { Program } from '../../../rig/lab/program.js';
import { programPath } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import type { PairLease, PairPlace, PairServer, PairSettings, PairStates } from './server.js';

const OMAPI_PORT = 7911;
/** Number of the state PARTNER-DOWN in OMAPI. */
const PARTNER_DOWN = 4;

/** ISC dhcpd as one of the two; the folder holds all its files. */
export class DhcpdServer implements PairServer {
  readonly program = 'dhcpd';
  readonly name: string;
  readonly #host: Namespace;
  readonly #config: string;
  readonly #leases: string;
  #runs: Program[] = [];

  constructor(host: Namespace, folder: string, place: PairPlace, settings: PairSettings) {
    this.name = `dhcpd ${place.role}`;
    this.#host = host;
    this.#config = join(folder, 'dhcpd.conf');
    this.#leases = join(folder, 'dhcpd.leases');
    writeFileSync(this.#config, dhcpdConfig(place, settings));
    this.lose();
  }

  get log(): string {
    return this.#runs.map((run) => run.output).join('');
  }

  async start(): Promise<void> {
    const files = ['-cf', this.#config, '-lf', this.#leases, '--no-pid'];
    const run = this.#host.start([programPath('dhcpd')!, '-4', '-f', '-d', ...files, 'eth0']);
    this.#runs.push(run);
    await run.waitFor(/Server starting service/);
  }

  async kill(): Promise<void> {
    await this.#runs.at(-1)?.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#runs.at(-1)?.stop();
  }

  lose(): void {
    writeFileSync(this.#leases, '');
  }

  async states(): Promise<PairStates> {
    const found = [...this.#file().matchAll(/my state ([\w-]+) at [^;]*;\s*partner state ([\w-]+) at/g)].at(-1);
    return { own: found?.[1] ?? 'unknown', partner: found?.[2] ?? 'unknown' };
  }

  async leases(): Promise<Map<string, PairLease>> {
    const leases = new Map<string, PairLease>();
    for (const [, address, body] of this.#file().matchAll(/^lease ([\d.]+) \{\n([\s\S]*?)^\}/gm)) {
      leases.set(address!, leaseOf(body!));
    }
    return leases;
  }

  async partnerDown(): Promise<void> {
    const script = [
      'server 127.0.0.1',
      `port ${OMAPI_PORT}`,
      'connect',
      'new failover-state',
      'set name = "pair"',
      'open',
      `set local-state = ${PARTNER_DOWN}`,
      'update',
    ];
    const file = `${this.#config}.omshell`;
    writeFileSync(file, `${script.join('\n')}\n`);
    const shell = this.#host.start(['sh', '-c', `${programPath('omshell')} < ${file}`]);
    await shell.succeed();
    await until('partner-down', async () => (await this.states()).own === 'partner-down');
  }

  #file(): string {
    return readFileSync(this.#leases, 'utf8');
  }
}

function leaseOf(body: string): PairLease {
  const status = /^ {2}binding state (\w+);/m.exec(body)?.[1] ?? 'free';
  const isActive = status === 'active';
  const ends = /^ {2}ends \d (\d+)\/(\d+)\/(\d+) (\d+):(\d+):(\d+);/m.exec(body);
  const [year, month, day, hours, minutes, seconds] = (ends?.slice(1) ?? []).map(Number);
  return {
    status,
    mac: isActive ? (/hardware ethernet ([\da-f:]+);/.exec(body)?.[1] ?? null) : null,
    ends: isActive && ends ? Date.UTC(year!, month! - 1, day, hours, minutes, seconds) / 1000 : null,
  };
}

/** As an administrator writes it; docs/failover.md has one like it. */
function dhcpdConfig({ role, own, peer }: PairPlace, settings: PairSettings): string {
  const { mclt, leaseTime, split, maxResponseDelay, loadBalanceMaxSeconds, pool } = settings;
  return `authoritative;
omapi-port ${OMAPI_PORT};
default-lease-time ${leaseTime}; max-lease-time ${leaseTime}; min-lease-time 1;
dhcp-cache-threshold 0;
ping-check false;
server-id-check true;
ddns-update-style none;
failover peer "pair" {
  ${role};
  address ${own}; port 647;
  peer address ${peer}; peer port 647;
  max-response-delay ${maxResponseDelay};
  max-unacked-updates 10;
  ${role === 'primary' ? `mclt ${mclt}; split ${split};` : ''}
  load balance max seconds ${loadBalanceMaxSeconds};
}
subnet 198.18.0.0 netmask 255.255.0.0 {
  option routers 198.18.0.1;
  pool { failover peer "pair"; range ${pool.replace('-', ' ')}; }
}
`;
}
