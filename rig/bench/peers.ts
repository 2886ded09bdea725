import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateDatabase } from '../lab/database.js';
import type { Namespace } from '../lab/netns.js';
import { Installation } from '../lab/processes.js';
import type { Program } from '../lab/program.js';

export const SERVER = '198.18.0.1';
export const RELAY = '198.18.0.2';
export const SERVER_NAME = 'dhcp-bench';

/** A DHCP server under load. */
export interface Peer {
  readonly name: string;
  /** Starts it without leases, on a pool of this many addresses from 198.19.0.0 on. */
  start(addresses: number): Promise<RunningPeer>;
}

export interface RunningPeer {
  /** Process id of the server. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Runs `work` while the peer runs. */
export async function started<T>(
  peer: Peer,
  addresses: number,
  work: (running: RunningPeer) => Promise<T>,
): Promise<T> {
  const running = await peer.start(addresses);
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}

let starts = 0;

/** Portledger: every lease is durable before its ACK; a shipper sends the events to MariaDB at the same time. */
export function portledger(host: Namespace, folder: string, database: PrivateDatabase): Peer {
  return {
    name: 'Portledger',
    start: async (addresses) => {
      const place = join(folder, `portledger-${++starts}`);
      mkdirSync(place);
      const name = `bench_${starts}`;
      await database.query(`CREATE DATABASE ${name}`);
      const installation = installed(place, addresses, database.url.replace('test_main', name));
      await installation.start('here', 'migrate').succeed(60_000);
      const server = await installation.serve(host);
      const shipper = await installation.ship('here');
      const stop = async (): Promise<void> => {
        await Promise.all([server.stop('SIGTERM', 30_000), shipper.stop('SIGKILL')]);
        await database.query(`DROP DATABASE ${name}`);
      };
      return { pid: server.pid, stop };
    },
  };
}

/** Portledger in a folder, with the trail at a URL. */
export function installed(folder: string, addresses: number, url: string): Installation {
  return new Installation(folder, {
    server: serverSection(addresses),
    queue: { file: join(folder, 'dhcp.queue') },
    audit: { url },
    log: { level: 'warn', modules: { server: 'info', ship: 'info' } },
  });
}

function serverSection(addresses: number): Record<string, unknown> {
  return {
    name: SERVER_NAME,
    listen: [{ address: SERVER }],
    'trusted-relays': [RELAY],
    'lease-time': '1h',
    subnets: [
      {
        subnet: '198.18.0.0/15',
        pools: [poolOf(addresses)],
        options: { routers: [SERVER], 'domain-name-servers': [SERVER] },
      },
    ],
  };
}

/** Kea: leases in its memfile, which it does not sync, two threads, no legal log, no lease caching. */
export function kea(host: Namespace, folder: string, program: string): Peer {
  return {
    name: 'Kea',
    start: async (addresses) => {
      const place = join(folder, `kea-${++starts}`);
      mkdirSync(place);
      const file = join(place, 'kea.json');
      writeFileSync(file, JSON.stringify(keaConfig(addresses, place)));
      const env = { ...process.env, KEA_PIDFILE_DIR: place, KEA_LOCKFILE_DIR: 'none' };
      const server = host.start([program, '-c', file], { env });
      await server.waitFor(/DHCP4_STARTED/, 20_000);
      return running(server);
    },
  };
}

function keaConfig(addresses: number, place: string): object {
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: [`eth0/${SERVER}`], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: join(place, 'leases.csv'), 'lfc-interval': 0 },
      'multi-threading': { 'enable-multi-threading': true, 'thread-pool-size': 2, 'packet-queue-size': 64 },
      // Kea 2.2 refuses 0: leases are reused for 0.36 s then.
      'cache-threshold': 0.0001,
      'valid-lifetime': 3600,
      authoritative: true,
      subnet4: [
        {
          id: 1,
          subnet: '198.18.0.0/15',
          pools: [{ pool: poolOf(addresses) }],
          'option-data': [
            { name: 'routers', data: SERVER },
            { name: 'domain-name-servers', data: SERVER },
          ],
        },
      ],
      // At INFO it logs each lease. The second logger reports the start, and no leases.
      loggers: [
        { name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stdout' }] },
        { name: 'kea-dhcp4.dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] },
      ],
    },
  };
}

/** The bench's own server in C, which stores nothing: the highest rate that kernel and load allow. */
export function responder(host: Namespace, program: string): Peer {
  return {
    name: 'C, stateless',
    start: async () => {
      const server = host.start([program, SERVER, '198.19.0.0']);
      await server.waitFor(/ready/, 5000);
      return running(server);
    },
  };
}

function running(server: Program): RunningPeer {
  return { pid: server.pid, stop: async () => void (await server.stop('SIGTERM', 20_000)) };
}

/** Without 198.19.0.0 itself, so that the first address is not a special one. */
export function poolOf(addresses: number): string {
  const last = addresses;
  return `198.19.0.1 - 198.19.${last >> 8}.${last & 255}`.replaceAll(' ', '');
}
