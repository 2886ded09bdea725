import type { Ipv4 } from '../../net/ipv4.js';
import type { RelationshipRecord } from '../failover/api.js';
import type { Network } from '../leases/network.js';
import type { RelationshipSettings } from '../settings.js';
import type { Sharing } from '../store/failover-rows.js';
import type { ServerStore } from '../store/server-store.js';

/** What was stored of a relationship in which this server had the other role says nothing of the addresses that are its own now. */
export function isUsable({ name, role }: RelationshipRecord, relationships: readonly RelationshipSettings[]): boolean {
  const config = relationships.find((relationship) => relationship.name === name);
  return config !== undefined && (role === null || role === config.role);
}

/**
 * Forgets what the queue file has of relationships and shared addresses that are configured no longer, and says how much. What it has of an address
 * that is in no pool is marked while there is a relationship, for its range may be wrong for one start alone. `records` are those of before this start.
 */
export function forgetFormer(
  store: ServerStore,
  records: readonly RelationshipRecord[],
  relationships: readonly RelationshipSettings[],
  networks: readonly Network[],
  relationshipOf: (address: Ipv4) => string | undefined,
): { readonly relationships: string; readonly addresses: number } | undefined {
  const isKnown = new Set(records.filter((record) => isUsable(record, relationships)).map(({ name }) => name));
  const names = records.flatMap(({ name }) => (isKnown.has(name) ? [] : name));
  const isInNoPool = (address: Ipv4) => networks.every((network) => network.poolOf(address) === undefined);
  const sharingOf = (address: Ipv4): Sharing => {
    const name = relationshipOf(address);
    if (name !== undefined) return isKnown.has(name) || 'anew';
    return relationships.length > 0 && isInNoPool(address) && 'stale';
  };
  const addresses = store.forgetShared((name) => relationships.some((one) => one.name === name), sharingOf);
  if (names.length === 0 && addresses === 0) return undefined;
  return { relationships: names.join(', ') || 'none', addresses };
}
