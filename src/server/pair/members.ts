import type { Micros } from '../../base/time.js';
import { version } from '../../base/version.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { RelationshipRecord } from '../failover/api.js';
import type { Binding } from '../failover/binding.js';
import { FailoverEndpoint } from '../failover/endpoint.js';
import type { Network } from '../leases/network.js';
import type { LeaseTable } from '../leases/table.js';
import type { RelationshipSettings } from '../settings.js';
import { STALE } from '../store/failover-rows.js';
import type { ServerStore } from '../store/server-store.js';
import { isUsable } from './forget.js';
import type { PairMember } from './pairs.js';
import { bindingOfLease, poolsOf, settingsOf } from './settings.js';

interface Parts {
  readonly relationships: readonly RelationshipSettings[];
  readonly networks: readonly Network[];
  readonly store: ServerStore;
  readonly leases: LeaseTable;
  /** The longest lease time of an address, in seconds. */
  readonly longestLease: (address: Ipv4) => number;
  /** Wall clock, and steady time. */
  readonly moment: { readonly wall: Micros; readonly steady: Micros };
}

/** The configured relationships, each with an endpoint that starts from what the queue file has. */
export function makeMembers({ relationships, networks, store, leases, longestLease, moment }: Parts): PairMember[] {
  // Without a partner there is no need to read all leases
  if (relationships.length === 0) return [];
  const shared = new Map(relationships.map(({ name }) => [name, poolsOf(name, networks)]));
  const relationshipOf = (address: Ipv4) => {
    for (const [name, pools] of shared) if (pools.some((pool) => pool.contains(address))) return name;
    return undefined;
  };
  const { bindings, records, stale } = storedOf(store, relationships, relationshipOf);
  for (const lease of leases.all()) {
    const known = bindings.get(relationshipOf(lease.address) ?? '');
    if (known && !known.has(lease.address)) known.set(lease.address, bindingOfLease(lease));
  }
  return relationships.map((config) => {
    const record = records.find(({ name }) => name === config.name) ?? null;
    const known = { record, bindings: bindings.get(config.name)!.values() };
    const pools = shared.get(config.name)!;
    const settings = settingsOf(config, pools, Math.max(...pools.map(({ first }) => longestLease(first))));
    const endpoint = new FailoverEndpoint(settings, known, moment, version());
    return { config, endpoint, isStale: stale.has(config.name) };
  });
}

/** What the queue file has of each relationship: its bindings, and its record if that can be used. */
function storedOf(
  store: ServerStore,
  relationships: readonly RelationshipSettings[],
  relationshipOf: (address: Ipv4) => string | undefined,
): { bindings: Map<string, Map<Ipv4, Binding>>; records: RelationshipRecord[]; stale: ReadonlySet<string> } {
  const stored = [...store.bindings()].flatMap((binding) => {
    const name = relationshipOf(binding.address);
    return name === undefined ? [] : { name, binding };
  });
  // A server that ran without an address of the pair asks for all bindings: what it knew may be out of date
  const stale = new Set(stored.flatMap(({ name, binding }) => (binding.agreed === STALE ? name : [])));
  const records = store.relationships().filter((record) => isUsable(record, relationships) && !stale.has(record.name));
  const isKnown = new Set(records.map(({ name }) => name));
  const bindings = new Map(relationships.map(({ name }) => [name, new Map<Ipv4, Binding>()]));
  for (const { name, binding } of stored)
    bindings.get(name)!.set(binding.address, isKnown.has(name) ? binding : unacknowledged(binding));
  return { bindings, records, stale };
}

/** The binding as for a partner that knows nothing: what another partner acknowledged does not count. */
function unacknowledged(binding: Binding): Binding {
  const isLeased = binding.status === 'ACTIVE';
  return isLeased ? { ...binding, acknowledged: 0, agreed: 0, pending: true } : { ...binding, agreed: 0 };
}
