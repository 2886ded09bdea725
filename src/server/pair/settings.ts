import { UsageError } from '../../base/errors.js';
import { MICROS_PER_SECOND } from '../../base/time.js';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import { type Binding, neverUsed, type Seconds } from '../failover/binding.js';
import { hbaOfSplit } from '../failover/load-balance.js';
import type { FailoverSettings } from '../failover/settings.js';
import type { Lease } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { AddressPool } from '../leases/pool.js';
import type { RelationshipSettings } from '../settings.js';

/** The pools that a relationship shares, in the order of the settings. */
export function poolsOf(name: string, networks: readonly Network[]): AddressPool[] {
  return networks.flatMap((network) => network.pools.filter((pool) => pool.failover === name));
}

/**
 * Refuses a shared pool that contains an address of this server: the partner would give it to a client. Checked at the start, because
 * the configuration may name an interface in place of an address.
 * @throws UsageError
 */
export function checkOwnAddresses(networks: readonly Network[], own: readonly Ipv4[]): void {
  for (const pool of networks.flatMap(({ pools }) => pools.filter(({ failover }) => failover !== undefined))) {
    const inside = own.find((address) => address >= pool.first && address <= pool.last);
    if (inside === undefined) continue;
    const range = `${formatIpv4(pool.first)}-${formatIpv4(pool.last)}`;
    throw new UsageError(`Pool ${range} contains ${formatIpv4(inside)}, an address of this server`, {
      hint: 'leave the addresses of both servers out of shared pools',
    });
  }
}

/** The settings of a relationship's endpoint. `longestLease`: seconds. */
export function settingsOf(
  config: RelationshipSettings,
  pools: readonly AddressPool[],
  longestLease: number,
): FailoverSettings {
  const { name, role, primary } = config;
  return {
    name,
    role,
    mclt: primary?.mclt,
    hba: primary && (typeof primary.buckets === 'number' ? hbaOfSplit(primary.buckets) : primary.buckets),
    loadBalanceMaxSeconds: config.loadBalanceMaxSeconds,
    maxResponseDelay: config.maxResponseDelay,
    maxUnackedUpdates: config.maxUnackedUpdates,
    autoPartnerDown: config.autoPartnerDown ?? 0,
    maxLeaseMisbalance: config.maxLeaseMisbalance,
    maxLeaseOwnership: config.maxLeaseOwnership,
    minBalance: config.minBalance,
    maxBalance: config.maxBalance,
    longestLease,
    pools: pools.map((pool) => ({ first: pool.first, last: pool.last, excluded: new Set(pool.reserved()) })),
  };
}

/**
 * The binding of a lease that is older than the sharing of its address. It is pending, so that the partner learns it. The pair ends it when
 * it expires.
 */
export function bindingOfLease(lease: Lease): Binding {
  const { address, htype, hwaddr, clientId, hostname, port, start, renewed, end } = lease;
  const known: Binding = {
    ...neverUsed(address),
    holder: { htype, hwaddr, clientId },
    hostname,
    port,
    starts: seconds(start, Math.floor),
    ends: seconds(end, Math.ceil),
    cltt: seconds(renewed, Math.floor),
    own: true,
  };
  if (lease.state === 'declined') return { ...known, status: 'ABANDONED', holder: null, pending: true };
  return lease.state === 'active' ? { ...known, status: 'ACTIVE', pending: true } : known;
}

function seconds(at: number, round: (value: number) => number): Seconds {
  return round(at / MICROS_PER_SECOND);
}
