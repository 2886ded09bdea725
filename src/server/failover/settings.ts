import type { Ipv4 } from '../../net/ipv4.js';

/** A range of addresses that the pair shares, without the `excluded` ones (reserved addresses are no part of the pool). */
export interface PoolRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
  readonly excluded: ReadonlySet<Ipv4>;
}

/** One failover relationship as it is configured. Times are seconds. */
export interface FailoverSettings {
  readonly name: string;
  readonly role: 'primary' | 'secondary';
  /** Maximum client lead time. Of the primary; a secondary learns it. */
  readonly mclt: number | undefined;
  /** 32 octets: bit set = bucket of the primary (RFC 3074). The primary's counts, a secondary has none. */
  readonly hba: Buffer | undefined;
  /** 3 by default: a client that has waited longer is served regardless of the hash; 0 serves everybody. */
  readonly loadBalanceMaxSeconds: number;
  /** 60 by default: silence after which the connection is taken for lost. */
  readonly maxResponseDelay: number;
  /** 10 by default: updates that the partner may have unacknowledged here. */
  readonly maxUnackedUpdates: number;
  /** COMMUNICATIONS-INTERRUPTED this long becomes PARTNER-DOWN; 0 = never. */
  readonly autoPartnerDown: number;
  /** Percent, 15: how uneven the free addresses may be before a server asks for some. */
  readonly maxLeaseMisbalance: number;
  /** Percent, 10: how many the one keeps beyond its half for its own clients. */
  readonly maxLeaseOwnership: number;
  readonly minBalance: number;
  readonly maxBalance: number;
  /** The longest lease that either server gives from these pools. */
  readonly longestLease: number;
  readonly pools: readonly PoolRange[];
}
