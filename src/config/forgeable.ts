import type { ServerSettings } from '../server/settings.js';
import type { AddressRange } from './addresses.js';
import { rangeOf } from './addresses.js';

/** The pools that overlap `trusted-relays`, in the order of the file: a client with such an address could forge Option 82. */
export function forgeablePools({ trustedRelays, subnets }: ServerSettings): AddressRange[] {
  const pools = subnets.flatMap((subnet) => subnet.pools);
  if (trustedRelays === 'any') return pools;
  const trusted = trustedRelays.map(rangeOf);
  return pools.filter(({ first, last }) => trusted.some((range) => range.first <= last && range.last >= first));
}
