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
 * Stops all traffic at the gateway, waits until the servers' events are in the trail, and collects the evidence of the run. A service that
 * has ended gives no evidence but its state.
 */
export async function collect(campus: Campus, faults: readonly Fault[]): Promise<Run> {
  const services = await campus.states();
  const read = async (service: string, command: string[]) =>
    isUp(services, service) ? await campus.run(service, command) : '';
  if (isUp(services, 'gateway')) await campus.pause('gateway');
  await sleep(1);
  await allShipped(campus, services);
  const readAt = now();
  // The view ends leases by the database's clock. Take the time with the rows, so that no lease ends in between
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

/** Number of events not yet shipped, and of active leases, as the server reports them. */
export async function statusOf(campus: Campus, host: 'a' | 'b'): Promise<{ unshipped: number; leases: number }> {
  const command = ['sh', '-c', 'rig/roles/portledger.sh status -o json 2>/dev/null'];
  const { output } = await campus.exec(`ship-${host}`, command);
  const { queue, server } = JSON.parse(output);
  return { unshipped: queue.unshipped, leases: server?.leases?.active ?? Number.NaN };
}

/** Waits until nothing is left to ship. If something is never shipped, the comparison shows it. */
async function allShipped(campus: Campus, services: Services): Promise<void> {
  const deadline = Date.now() + SHIPPED_MS;
  for (const host of HOSTS.filter((name) => isUp(services, `ship-${name}`))) {
    while ((await statusOf(campus, host)).unshipped > 0 && Date.now() < deadline) await sleep(1);
  }
}
