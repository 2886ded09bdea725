import type { DecisionContext } from '../v4/context.js';
import { currentLease, expireLease } from '../v4/lease-events.js';

/**
 * Ends leases and quarantines whose time is over. At most `limit`, so that a batch of requests does not wait long. Returns the number of
 * entries that it looked at; less than `limit` means that none is left.
 */
export function expireDue(context: DecisionContext, limit: number): number {
  const due = context.leases.takeDue(context.now, limit);
  for (const { address } of due) {
    const lease = context.leases.get(address)!;
    // The end of a shared lease is decided by the pair
    if (context.pairs.of(address)) continue;
    if (lease.state === 'active' && lease.due <= context.now) expireLease(context, lease);
    else currentLease(context, address);
  }
  return due.length;
}
