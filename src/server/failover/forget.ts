import type { FailoverConfig } from '../../config/types.js';
import type { RelationshipRecord } from '../../failover/api.js';
import type { Network } from '../../lease/network.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { Queue } from '../../queue/queue.js';

/** What was stored of a relationship in which this server had the other role says nothing of the addresses that are its own now. */
export function isUsable({ name, role }: RelationshipRecord, relationships: readonly FailoverConfig[]): boolean {
  const config = relationships.find((relationship) => relationship.name === name);
  return config !== undefined && (role === null || role === config.role);
}

/**
 * Forgets what the queue file has of relationships and shared addresses that are configured no longer, and says how much. An address in no pool
 * is kept while there is a relationship: its range may be wrong for one start alone, and the partner would not be asked for it again. `records` are
 * those of before this start.
 */
export function forgetFormer(
  queue: Queue,
  records: readonly RelationshipRecord[],
  relationships: readonly FailoverConfig[],
  networks: readonly Network[],
  isShared: (address: Ipv4) => boolean,
): { readonly relationships: string; readonly addresses: number } | undefined {
  const names = records.flatMap((record) => (isUsable(record, relationships) ? [] : record.name));
  const isInNoPool = (address: Ipv4) => networks.every((network) => network.poolOf(address) === undefined);
  const addresses = queue.forgetShared(
    (name) => relationships.some((relationship) => relationship.name === name),
    (address) => isShared(address) || (relationships.length > 0 && isInNoPool(address)),
  );
  if (names.length === 0 && addresses === 0) return undefined;
  return { relationships: names.join(', ') || 'none', addresses };
}
