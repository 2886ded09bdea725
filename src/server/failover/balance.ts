import type { Ipv4 } from '../../net/ipv4.js';
import type { Binding, Seconds } from './binding.js';
import { hashBucket } from './load-balance.js';
import type { Relationship } from './relationship.js';

/** How the free addresses of a pool are shared, from this server's view. */
export interface PoolBalance {
  /** Half of the difference between own and partner's free addresses; negative if this server has fewer. */
  readonly surplus: number;
  /** How many addresses beyond its half a server may have for its own clients (max-lease-ownership). */
  readonly ownership: number;
  /** How uneven the shares may be before a server requests addresses (max-lease-misbalance). */
  readonly threshold: number;
}

/** The balance of the pool with this index. */
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

/** True if this server has so few free addresses that it requests some. */
export function lacksAddresses({ surplus, threshold }: PoolBalance): boolean {
  return surplus < (threshold === 0 ? -1 : -2 * threshold);
}

/** Most free addresses that one call looks at, oldest first. */
const SCAN = 5000;

/**
 * The addresses of a pool to give to the partner, at most `limit`, oldest first: those whose last client is the partner's by its hash
 * bucket, even beyond its half, then others until both servers have the same number.
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

/** True if the last client of the address is the partner's by its hash bucket. */
export function belongsToPartner(relationship: Relationship, { holder }: Binding): boolean {
  if (!holder || !relationship.hba) return false;
  return !relationship.takesBucket(hashBucket(holder.clientId ?? holder.hwaddr));
}

/** True if an address that has just become free goes to the secondary at once. The primary decides that. */
export function goesToSecondary(relationship: Relationship, binding: Binding): boolean {
  if (!relationship.isPrimary || relationship.machine.state !== 'NORMAL' || binding.status !== 'FREE') return false;
  const { surplus, ownership } = balanceOf(relationship, relationship.table.poolIndex(binding.address));
  return surplus > -ownership && belongsToPartner(relationship, binding);
}

/** The binding of a free address that is given to the partner. */
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
