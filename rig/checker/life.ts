import { macOfClient } from './journal.js';
import { type Packet, TYPE } from './packets.js';

/** State of each service when the run ended, from the engine: `running`, `exited` ... */
export type Services = Readonly<Record<string, string>>;

/** The servers by the names that their taps have. */
const SERVERS = ['dhcp-a', 'dhcp-b'];

/**
 * Signs that the campus did not work: without traffic nothing differs, which proves nothing. Whatever was broken during the run, at its end
 * each service must run, each tap must have seen packets, and each client must have got a lease. One server of a pair may have been idle.
 */
export function signsOfDeath(packets: readonly Packet[], clients: readonly number[], services: Services): string[] {
  const unserved = withoutLease(packets, clients);
  return [
    ...stopped(services).map((service) => `${service} is ${services[service]} at the end of the run`),
    ...deafTaps(packets),
    ...unserved.map((client) => `client-${client} (${macOfClient(client)}) was given no lease`),
  ];
}

/** The services whose logs may say why the campus did not work: those that do not run, and clients without a lease. */
export function lifeless(packets: readonly Packet[], clients: readonly number[], services: Services): string[] {
  const unserved = withoutLease(packets, clients).map((client) => `client-${client}`);
  return [...new Set([...stopped(services), ...unserved])];
}

function stopped(services: Services): string[] {
  return Object.keys(services).filter((service) => services[service] !== 'running');
}

function deafTaps(packets: readonly Packet[]): string[] {
  const seen = new Set(packets.map(({ server }) => server));
  return SERVERS.filter((server) => !seen.has(server)).map((server) => `the tap of ${server} saw no packet`);
}

function withoutLease(packets: readonly Packet[], clients: readonly number[]): number[] {
  const given = packets.filter(({ type, yiaddr }) => type === TYPE.ack && yiaddr !== '0.0.0.0');
  const served = new Set(given.map(({ mac }) => mac));
  return clients.filter((client) => !served.has(macOfClient(client)));
}
