import type { Ipv4 } from '../../net/ipv4.js';

/** A range of addresses that the pair shares. `excluded` ones (reservations) are not part of the pool. */
export interface PoolRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
  readonly excluded: ReadonlySet<Ipv4>;
}

/** The settings of one failover relationship. Times are seconds. */
export interface FailoverSettings {
  readonly name: string;
  readonly role: 'primary' | 'secondary';
  /** Maximum client lead time. The primary's; a secondary learns it from the primary. */
  readonly mclt: number | undefined;
  /** 32 octets: bit set = bucket of the primary (RFC 3074). The primary's; a secondary has none. */
  readonly hba: Buffer | undefined;
  /** A client that has waited longer is served whatever its hash bucket; 0 serves all clients. */
  readonly loadBalanceMaxSeconds: number;
  /** Silence after which the connection counts as lost. */
  readonly maxResponseDelay: number;
  /** Updates that the partner may send without an acknowledgement. */
  readonly maxUnackedUpdates: number;
  /** COMMUNICATIONS-INTERRUPTED becomes PARTNER-DOWN after this time; 0 = never. */
  readonly autoPartnerDown: number;
  /** Percent: how uneven the free addresses may be before a server requests some. */
  readonly maxLeaseMisbalance: number;
  /** Percent: how many free addresses beyond its half a server keeps for its own clients. */
  readonly maxLeaseOwnership: number;
  /** Shortest time between two rebalancings. */
  readonly minBalance: number;
  /** Longest time between two rebalancings. */
  readonly maxBalance: number;
  /** Longest lease time that either server gives from these pools. */
  readonly longestLease: number;
  readonly pools: readonly PoolRange[];
}
