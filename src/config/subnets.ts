import { contains, formatSubnet, type Ipv4, type Subnet } from '../net/ipv4.js';
import type { OptionRegistry } from '../protocol/dhcpv4/options.js';
import type { SubnetSettings } from '../server/settings.js';
import type { SwitchSettings } from '../trail/settings.js';
import { formatRange, rangeOf } from './addresses.js';
import type { Relationships } from './failover.js';
import { checkOverlaps, type RangeInFile } from './overlaps.js';
import { PoolSizes } from './pool-sizes.js';
import { ReservationsSeen, readReservation } from './reservations.js';
import { readScope, type Scope, scoped } from './scope.js';
import type { PoolValues, SubnetValues } from './server-keys.js';

/** What a subnet inherits and is checked against. */
export interface SubnetContext {
  readonly server: Scope;
  readonly authoritative: boolean;
  readonly registry: OptionRegistry;
  readonly switches: readonly SwitchSettings[];
  readonly relationships: Relationships;
}

/** What was read of all subnets so far. */
interface Seen {
  readonly reservations: ReservationsSeen;
  readonly sizes: PoolSizes;
}

interface ScopedPool extends RangeInFile {
  readonly scope: Scope;
  readonly failover?: string;
}

/** Reads the subnets with their pools and reservations, and reports overlaps. */
export function readSubnets(written: readonly SubnetValues[], context: SubnetContext): SubnetSettings[] {
  const ranges = written.flatMap(({ subnet, at }) => (subnet ? [{ ...rangeOf(subnet), at: at.key('subnet') }] : []));
  checkOverlaps(ranges, 'subnet');
  const seen: Seen = { reservations: new ReservationsSeen(), sizes: new PoolSizes() };
  return written.map((values) => readSubnet(values, context, seen)).filter((subnet) => subnet !== undefined);
}

function readSubnet(values: SubnetValues, context: SubnetContext, seen: Seen): SubnetSettings | undefined {
  const { subnet, 'shared-network': sharedNetwork } = values;
  const { registry, switches } = context;
  const scope = readScope(values, context.server, registry);
  if (!subnet) return undefined;
  const pools = readPools(values.pools ?? [], subnet, scope, context);
  for (const pool of pools) seen.sizes.check(pool, pool.at);
  const scopeOf = (address: Ipv4): Scope =>
    pools.find(({ first, last }) => address >= first && address <= last)?.scope ?? scope;
  const link = sharedNetwork ?? formatSubnet(subnet);
  const reservations = (values.reservations ?? []).map((reservation) =>
    readReservation(reservation, { subnet, scopeOf, registry, switches }, seen.reservations, link),
  );
  context.relationships.checkReservations(pools, values.reservations ?? []);
  return {
    subnet,
    ...(sharedNetwork === undefined ? {} : { sharedNetwork }),
    pools: pools.map(({ first, last, failover, scope }) => ({
      first,
      last,
      ...(failover === undefined ? {} : { failover }),
      ...scoped(scope),
    })),
    reservations: reservations.filter((reservation) => reservation !== undefined),
    authoritative: values.authoritative ?? context.authoritative,
    ...scoped(scope),
  };
}

function readPools(
  written: readonly PoolValues[],
  subnet: Subnet,
  outer: Scope,
  { registry, relationships }: SubnetContext,
): ScopedPool[] {
  const pools = written.flatMap((values) => {
    const scope = readScope(values, outer, registry);
    const failover = relationships.of(values);
    return values.range
      ? [{ ...values.range, at: values.at, scope, ...(failover === undefined ? {} : { failover }) }]
      : [];
  });
  for (const { first, last, at } of pools) {
    if (contains(subnet, first) && contains(subnet, last)) continue;
    at.fault(
      `is not in the subnet ${formatSubnet(subnet)}`,
      formatRange({ first, last }),
      'write a range of this subnet',
    );
  }
  checkOverlaps(pools, 'pool');
  return pools;
}
