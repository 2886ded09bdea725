import { macOfClient } from './journal.js';
import { type Packet, TYPE } from './packets.js';

/** What the engine said of each service when the run ended: `running`, `exited` ... */
export type Services = Readonly<Record<string, string>>;

/** The servers by the names that their taps have. */
const SERVERS = ['dhcp-a', 'dhcp-b'];

/**
 * What tells that the campus did not live: where nothing happens nothing differs, and that proves nothing. However much was broken in between,
 * at the end each service runs, each tap saw packets, and each client was given a lease. Of the servers of a pair one may have answered nobody.
 */
export function signsOfDeath(packets: readonly Packet[], clients: readonly number[], services: Services): string[] {
  return [...stopped(services), ...deafTaps(packets), ...withoutLease(packets, clients)];
}

function stopped(services: Services): string[] {
  return Object.entries(services)
    .filter(([, state]) => state !== 'running')
    .map(([service, state]) => `${service} is ${state} at the end of the run`);
}

function deafTaps(packets: readonly Packet[]): string[] {
  const seen = new Set(packets.map(({ server }) => server));
  return SERVERS.filter((server) => !seen.has(server)).map((server) => `the tap of ${server} saw no packet`);
}

function withoutLease(packets: readonly Packet[], clients: readonly number[]): string[] {
  const given = packets.filter(({ type, yiaddr }) => type === TYPE.ack && yiaddr !== '0.0.0.0');
  const served = new Set(given.map(({ mac }) => mac));
  const unserved = clients.filter((client) => !served.has(macOfClient(client)));
  return unserved.map((client) => `client-${client} (${macOfClient(client)}) was given no lease`);
}
