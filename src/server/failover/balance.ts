import type { Ipv4 } from '../../net/ipv4.js';
import type { Binding, Seconds } from './binding.js';
import { hashBucket } from './load-balance.js';
import type { Relationship } from './relationship.js';

/** How a pool's free addresses are shared out, in this server's view. */
export interface PoolBalance {
  /** How many this server has too many: half of the difference; negative if it has too few. */
  readonly surplus: number;
  /** How many beyond its half a server keeps, or lets the other keep, for clients of its own. */
  readonly ownership: number;
  /** How uneven it may get before one asks the other. */
  readonly threshold: number;
}

export function balanceOf(relationship: Relationship, pool: number): PoolBalance {
  const { table, settings, ownFree, partnerFree } = relationship;
  const own = table.count(pool, ownFree);
  const partner = table.count(pool, partnerFree);
  const percent = (share: number) => Math.floor(((own + partner) * share + 50) / 100);
  return {
    surplus: Math.trunc((own - partner) / 2),
    ownership: percent(settings.maxLeaseOwnership),
    threshold: percent(settings.maxLeaseMisbalance),
  };
}

/** True if this server has so little left that it asks for more. */
export function lacksAddresses({ surplus, threshold }: PoolBalance): boolean {
  return surplus < (threshold === 0 ? -1 : -2 * threshold);
}

/** How many of the oldest free addresses are looked at in one go. */
const SCAN = 5000;

/**
 * The addresses of a pool to give to the partner, oldest first and at most `limit`: those whose last client is the partner's by the hash, even
 * beyond its half, then any until both have as many.
 */
export function surplusAddresses(relationship: Relationship, pool: number, limit: number): Ipv4[] {
  const { table, ownFree } = relationship;
  const { surplus, ownership } = balanceOf(relationship, pool);
  let left = surplus;
  if (left <= -ownership && left <= 0) return [];
  const given: Ipv4[] = [];
  const others: Ipv4[] = [];
  for (const address of table.listed(pool, ownFree)) {
    if (given.length === limit || given.length + others.length === SCAN) break;
    const isPartners = left > -ownership && belongsToPartner(relationship, table.get(address));
    (isPartners ? given : others).push(address);
    if (isPartners) left -= 1;
  }
  for (const address of others) {
    if (given.length === limit || left <= 0) break;
    if (left <= ownership && table.get(address).holder) continue;
    given.push(address);
    left -= 1;
  }
  return given;
}

/** True if the last client of the address is served by the partner. */
export function belongsToPartner(relationship: Relationship, { holder }: Binding): boolean {
  if (!holder || !relationship.hba) return false;
  return !relationship.takesBucket(hashBucket(holder.clientId ?? holder.hwaddr));
}

/** True if an address that has just become free goes to the secondary at once (the primary decides). */
export function goesToSecondary(relationship: Relationship, binding: Binding): boolean {
  if (!relationship.isPrimary || relationship.machine.state !== 'NORMAL' || binding.status !== 'FREE') return false;
  const { surplus, ownership } = balanceOf(relationship, relationship.table.poolIndex(binding.address));
  return surplus > -ownership && belongsToPartner(relationship, binding);
}

/** The binding of a free address that is given to the other side. */
export function givenAway(binding: Binding, to: 'FREE' | 'BACKUP', now: Seconds): Binding {
  return {
    ...binding,
    status: to,
    starts: now,
    promised: now,
    hostname: null,
    port: null,
    pending: true,
    rewind: null,
  };
}
