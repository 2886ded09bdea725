import type { Ipv4 } from '../../net/ipv4.js';
import type { RelationshipRecord } from '../failover/api.js';
import type { Network } from '../leases/network.js';
import type { RelationshipSettings } from '../settings.js';
import type { Sharing } from '../store/failover-rows.js';
import type { ServerStore } from '../store/server-store.js';

/** True if a stored record can be used. A record of the other role does not say which addresses belong to this server now. */
export function isUsable({ name, role }: RelationshipRecord, relationships: readonly RelationshipSettings[]): boolean {
  const config = relationships.find((relationship) => relationship.name === name);
  return config !== undefined && (role === null || role === config.role);
}

/**
 * Deletes stored relationships and bindings that are no longer configured. Returns what was deleted; undefined if nothing was. While there
 * is a relationship, the binding of an address that is in no pool is only marked stale: its range may be missing by mistake, for one start.
 * @param records as they were before this start
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
