import type { Sight } from './sights.js';

const MICROS = 1_000_000;

/**
 * The sights, and those of leases that servers may have taken back: a client that takes another address loses the one before. Whether the
 * server knew of that one, which its partner may have given or ended meanwhile, is not on the wire, so each is doubtful.
 */
export function withRevocations(sights: readonly Sight[]): Sight[] {
  const newest = new Map<string, Sight>();
  const revoked: Sight[] = [];
  for (const sight of sights.filter(({ kind }) => kind === 'lease').sort((a, b) => a.told - b.told)) {
    const client = `${sight.mac} ${sight.clientId ?? ''}`;
    // What anybody gave it last, and what this server did: a server that was paused gave it late
    const keys = [client, `${client} ${sight.server}`];
    for (const before of new Set(keys.map((key) => newest.get(key)))) {
      if (!before || before.ip === sight.ip || isOver(before, sight)) continue;
      const { server, at, told } = sight;
      revoked.push({ ...before, kind: 'revoked', server, at, told, leaseTime: 0, isDoubtful: true });
    }
    for (const key of keys) newest.set(key, sight);
  }
  return [...sights, ...revoked];
}

/** True if the lease was over by then, by the true time and by the servers' clocks. */
function isOver(lease: Sight, then: Sight): boolean {
  const term = lease.leaseTime * MICROS;
  return lease.told + term <= then.told && lease.at.to + term <= then.at.from;
}
