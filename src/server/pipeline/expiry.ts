import type { DecisionContext } from '../v4/context.js';
import { currentLease, expireLease } from '../v4/lease-events.js';

/**
 * Ends leases and quarantines whose time is over, at most `limit` at a time so that a batch of requests never waits long behind
 * them. Returns how many entries were looked at; fewer than the limit means none is left.
 */
export function expireDue(desk: DecisionContext, limit: number): number {
  const due = desk.leases.takeDue(desk.now, limit);
  for (const { address } of due) {
    const lease = desk.leases.get(address)!;
    // Of a shared one the pair says when it is over
    if (desk.pairs.of(address)) continue;
    if (lease.state === 'active' && lease.due <= desk.now) expireLease(desk, lease);
    else currentLease(desk, address);
  }
  return due.length;
}
