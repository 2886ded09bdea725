import type { Campus } from './campus.js';
import type { Run } from './checker/check.js';
import { type Fault, parsePassages } from './checker/journal.js';
import type { Services } from './checker/life.js';
import { parsePackets, tsharkCommand } from './checker/packets.js';
import { GAPS_SQL, parseGaps, parseRows, ROWS_SQL } from './checker/rows.js';
import { now, sleep } from './faults.js';

const HOSTS = ['a', 'b'] as const;
const SHIPPED_MS = 60_000;

/**
 * Lets the campus come to rest: no packet passes the gateway any more, and what the servers noted has arrived. Resolves with what is to be
 * known of the run. Of a service that has ended there is no evidence; its state is part of what is known.
 */
export async function collect(campus: Campus, faults: readonly Fault[]): Promise<Run> {
  const services = await campus.states();
  const read = async (service: string, command: string[]) =>
    isUp(services, service) ? await campus.run(service, command) : '';
  if (isUp(services, 'gateway')) await campus.pause('gateway');
  await sleep(1);
  await allShipped(campus, services);
  const readAt = now();
  // The view ends a lease by the database's clock: of this very moment, so that none runs out between here and there
  const asOf = `SET timestamp = ${readAt / 1_000_000}`;
  const query = (sql: string) =>
    read('logger', ['mariadb', '--no-defaults', '-NB', 'portledger', '-e', `${asOf}; ${sql}`]);
  const [rows, gaps] = [parseRows(await query(ROWS_SQL)), parseGaps(await query(GAPS_SQL))];
  const passages = parsePassages(await read('permuter', ['cat', '/var/log/permuter.jsonl']));
  const packets = [];
  for (const host of HOSTS) {
    const decode = `${tsharkCommand('"$RIG_TAP"').join(' ')} 2>/dev/null`;
    packets.push(...parsePackets(await read(`host-${host}`, ['sh', '-c', decode]), `dhcp-${host}`));
  }
  return { packets, passages, faults, rows, gaps, readAt, services };
}

function isUp(services: Services, service: string): boolean {
  return services[service] === 'running';
}

/** Events that are not in the trail yet, and active leases, as the server itself says. */
export async function statusOf(campus: Campus, host: 'a' | 'b'): Promise<{ unshipped: number; leases: number }> {
  const command = ['sh', '-c', 'rig/roles/portledger.sh status -o json 2>/dev/null'];
  const { output } = await campus.exec(`ship-${host}`, command);
  const { queue, server } = JSON.parse(output);
  return { unshipped: queue.unshipped, leases: server?.leases?.active ?? Number.NaN };
}

/** Waits until nothing is left to ship; if something stays, the comparison shows it. */
async function allShipped(campus: Campus, services: Services): Promise<void> {
  const deadline = Date.now() + SHIPPED_MS;
  for (const host of HOSTS.filter((name) => isUp(services, `ship-${name}`))) {
    while ((await statusOf(campus, host)).unshipped > 0 && Date.now() < deadline) await sleep(1);
  }
}
