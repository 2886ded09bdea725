import type { ServerSettings } from '../server/settings.js';
import type { AddressRange } from './addresses.js';
import { rangeOf } from './addresses.js';

/** The pools with an address from which Option 82 is believed: their clients could forge it. In the order of the configuration. */
export function forgeablePools({ trustedRelays, subnets }: ServerSettings): AddressRange[] {
  const pools = subnets.flatMap((subnet) => subnet.pools);
  if (trustedRelays === 'any') return pools;
  const trusted = trustedRelays.map(rangeOf);
  return pools.filter(({ first, last }) => trusted.some((range) => range.first <= last && range.last >= first));
}
