import { groupBy } from './group.js';
import type { Sight } from './sights.js';

const MICROS = 1_000_000;

/**
 * Adds the leases that servers may have revoked: a server that gives a client another address ends the client's older lease, if it knows of
 * it. It knows its own leases. It learns of its partner's over the failover connection, perhaps much later if the partner was paused or cut
 * off. The wire does not show what it knew, so each of these sights is doubtful.
 */
export function withRevocations(sights: readonly Sight[]): Sight[] {
  const leases = sights.filter(({ kind }) => kind === 'lease').sort((a, b) => a.told - b.told);
  const byClient = groupBy(leases, ({ mac, clientId }) => `${mac} ${clientId ?? ''}`);
  return [
    ...sights,
    ...[...byClient.values()].flatMap((ofClient) => ofClient.flatMap((by) => revokedBy(by, ofClient))),
  ];
}

/** The client's leases that this one may end: each address once. */
function revokedBy(by: Sight, leases: readonly Sight[]): Sight[] {
  const former = leases.filter((lease) => lease.ip !== by.ip && mayEnd(by, lease, leases));
  const { server, at, told, noted } = by;
  return [...new Map(former.map((lease) => [lease.ip, lease])).values()].map((lease) => ({
    ...lease,
    ...{ kind: 'revoked', server, at, told, noted, leaseTime: 0, isDoubtful: true },
  }));
}

function mayEnd(by: Sight, lease: Sight, leases: readonly Sight[]): boolean {
  if (by.server !== lease.server) return lease.told <= by.noted && !isOver(lease, by);
  if (lease.told >= by.told || isOver(lease, by)) return false;
  const between = leases.filter(({ told }) => told > lease.told && told < by.told);
  return !between.some(({ server, ip, isDoubtful }) => server === lease.server && ip !== lease.ip && !isDoubtful);
}

/** True if the lease had ended by then, in true time and by the servers' clocks. */
function isOver(lease: Sight, then: Sight): boolean {
  const term = lease.leaseTime * MICROS;
  return lease.noted + term <= then.told && lease.at.to + term <= then.at.from;
}
