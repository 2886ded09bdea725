import { join } from 'node:path';
import { parseIpv4 } from '../../src/net/ipv4.js';
import type { Lease } from '../../src/server/leases/lease.js';
import { clientKey } from '../../src/server/leases/lease.js';
import { ServerStore } from '../../src/server/store/server-store.js';
import { residentBytes } from '../lab/process-memory.js';
import { Installation } from '../lab/processes.js';
import type { Row } from './result.js';
import type { Settings } from './settings.js';

const MEBIBYTE = 1024 * 1024;
const LISTEN = '127.66.9.1';
const PORT = 20_067;
const FIRST = parseIpv4('10.0.0.1');

/** Starts a server with many active leases, all with Option 82; measures the time until it answers, and its memory then. */
export async function memory(settings: Settings): Promise<Row[]> {
  const leases = settings.quick ? 100_000 : 1_000_000;
  const file = join(settings.folder, 'leases.queue');
  fill(file, leases);
  const rows: Row[] = [];
  for (const count of [0, leases]) {
    const queue = count === 0 ? join(settings.folder, 'empty.queue') : file;
    const began = performance.now();
    const server = configured(settings.folder, queue).start('here', 'serve');
    await server.waitFor(/server-ready/, 180_000);
    const seconds = (performance.now() - began) / 1000;
    const resident = residentBytes(server.pid) / MEBIBYTE;
    await server.stop('SIGTERM', 60_000);
    const subject = `${count.toLocaleString('en')} leases`;
    rows.push({ part: 'memory', what: 'seconds until it answers', subject, value: seconds });
    rows.push({ part: 'memory', what: 'MiB resident', subject, value: resident });
  }
  return rows;
}

function configured(folder: string, file: string): Installation {
  return new Installation(folder, {
    server: {
      name: 'dhcp-a',
      listen: [{ address: LISTEN, port: PORT }],
      'trusted-relays': 'any',
      subnets: [{ subnet: '10.0.0.0/11', pools: ['10.0.0.1-10.15.255.254'] }],
    },
    queue: { file },
  });
}

function fill(file: string, count: number): void {
  const now = Date.now() * 1000;
  const store = ServerStore.open(file, 'dhcp-a', now);
  for (let i = 0; i < count; i += 10_000) {
    const leases = Array.from({ length: Math.min(10_000, count - i) }, (_, k) => leaseOf(i + k, now));
    store.commit({ events: [], leases }, now);
  }
  store.close();
}

function leaseOf(i: number, now: number): Lease {
  const hwaddr = String.fromCharCode(2, 0, 0, i >> 16, (i >> 8) & 255, i & 255);
  const circuitId = `Gi1/0/${1 + (i % 48)}`;
  const remoteId = `sw-${String(Math.floor(i / 48)).padStart(5, '0')}`;
  const part = (code: number, text: string): string => String.fromCharCode(code, text.length) + text;
  const end = now + 24 * 3600 * 1_000_000;
  return {
    address: FIRST + i,
    state: 'active',
    client: clientKey(1, hwaddr, null),
    htype: 1,
    hwaddr,
    clientId: null,
    hostname: `host-${i}`,
    start: now,
    renewed: now,
    end,
    due: end,
    port: { giaddr: FIRST, option82: part(1, circuitId) + part(2, remoteId) },
  };
}
