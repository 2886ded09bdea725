import type { FailoverStatus } from './api.js';
import type { Relationship } from './relationship.js';

/** What `portledger failover status` shows. */
export function statusOf(
  relationship: Relationship,
  session: { isUp: boolean; unacked: number; lastContact: number; clockAhead: number | null },
): FailoverStatus {
  const { settings, machine, mclt, table, withholdsUntil, waitsUntil, takesOverAt } = relationship;
  return {
    name: settings.name,
    role: settings.role,
    state: machine.starting ? 'STARTUP' : machine.state,
    since: machine.since,
    partnerState: machine.partnerState,
    partnerSince: machine.partnerSince,
    connected: session.isUp,
    lastContact: session.lastContact,
    unacked: session.unacked,
    pending: table.pending.size,
    clockAhead: session.clockAhead,
    mclt: mclt.announced,
    withholdsUntil,
    waitsUntil,
    takesOverAt,
    pools: settings.pools.map(({ first, last }, pool) => ({
      first,
      last,
      free: table.count(pool, 'FREE'),
      backup: table.count(pool, 'BACKUP'),
    })),
  };
}
