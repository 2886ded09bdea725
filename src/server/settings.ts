import type { Micros } from '../base/time.js';
import type { Ipv4, Subnet } from '../net/ipv4.js';
import type { OptionRegistry } from '../protocol/dhcpv4/options.js';

/** The settings of `portledger serve`. */
export interface ServeSettings {
  readonly server: ServerSettings;
  readonly queue: QueueSettings;
}

export interface ServerSettings extends Scoped {
  readonly name: string;
  readonly listen: readonly ListenSettings[];
  /** Senders whose Option 82 is believed. */
  readonly trustedRelays: 'any' | readonly Subnet[];
  readonly authoritative: boolean;
  /** How long an offered address is reserved for its client. */
  readonly offerTime: Micros;
  /** How long a declined address is given to no client. */
  readonly declineTime: Micros;
  /** Active leases that one switch port may have. */
  readonly maxLeasesPerPort?: number;
  /** User that a process started by root switches to. */
  readonly user?: string;
  readonly group?: string;
  readonly failover: readonly RelationshipSettings[];
  readonly subnets: readonly SubnetSettings[];
  readonly registry: OptionRegistry;
}

/** A relationship with another server that shares pools (draft-ietf-dhc-failover-12). Times are seconds. */
export interface RelationshipSettings {
  readonly name: string;
  readonly role: 'primary' | 'secondary';
  readonly address: Ipv4;
  readonly port: number;
  readonly peerAddress: Ipv4;
  readonly peerPort: number;
  /** What the primary sends to the secondary; present on the primary only. */
  readonly primary?: {
    readonly mclt: number;
    /** Number of the 256 hash buckets that the primary answers, or which ones: a bit for each, the least significant first (RFC 3074). */
    readonly buckets: number | Buffer;
  };
  readonly loadBalanceMaxSeconds: number;
  readonly maxResponseDelay: number;
  readonly maxUnackedUpdates: number;
  /** Seconds without contact after which the partner counts as down. Absent: only an operator may say so. */
  readonly autoPartnerDown?: number;
  /** Percent. */
  readonly maxLeaseMisbalance: number;
  /** Percent. */
  readonly maxLeaseOwnership: number;
  readonly minBalance: number;
  readonly maxBalance: number;
}

/** At least one of `address` and `interface` is there. */
export interface ListenSettings {
  readonly address?: Ipv4;
  readonly interface?: string;
  readonly port: number;
  /** True: Option 82 with giaddr 0 is believed here, because a snooping switch inserts it. */
  readonly snooping: boolean;
  /** Port that replies to relays go to. */
  readonly relayPort: number;
  /** Port that replies to clients go to. */
  readonly clientPort: number;
}

/** Seconds. Without `renewal` and `rebinding`, T1 and T2 are 0.5 and 0.875 of the lease (RFC 2131 section 4.4.5). */
export interface LeaseTimes {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly renewal?: number;
  readonly rebinding?: number;
}

/** Encoded values by option code. */
export type OptionSet = ReadonlyMap<number, Buffer>;

/** Header fields siaddr, sname and file. */
export interface BootFields {
  readonly nextServer?: Ipv4;
  readonly serverName?: string;
  readonly bootFile?: string;
}

/** Settings that server, subnet, pool and reservation may each have; here already merged with those of the outer levels. */
export interface Scoped {
  readonly options: OptionSet;
  readonly leases: LeaseTimes;
  readonly boot: BootFields;
}

export interface SubnetSettings extends Scoped {
  readonly subnet: Subnet;
  /** Subnets with the same name are on one link, behind one relay. */
  readonly sharedNetwork?: string;
  readonly pools: readonly PoolSettings[];
  readonly reservations: readonly ReservationSettings[];
  readonly authoritative: boolean;
}

/** A range of addresses; both ends belong to it. */
export interface PoolSettings extends Scoped {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** The relationship that shares it. */
  readonly failover?: string;
}

/** The client or port that a reservation is for. */
export type ReservationMatch =
  | { readonly by: 'mac'; readonly htype: number; readonly mac: Buffer }
  | { readonly by: 'client-id'; readonly clientId: Buffer }
  | { readonly by: 'port'; readonly switchId: Buffer; readonly circuitId: Buffer };

export interface ReservationSettings extends Scoped {
  readonly match: ReservationMatch;
  readonly address: Ipv4;
  readonly hostname?: string;
}

export const ON_FAILURE = ['refuse', 'serve'] as const;

export interface QueueSettings {
  /** Absolute. */
  readonly file: string;
  /** When the queue cannot be written: `refuse` answers nothing, `serve` answers and records a gap. */
  readonly onFailure: (typeof ON_FAILURE)[number];
  /** The private key that signs checkpoints, absolute. */
  readonly keyFile: string;
  /** A checkpoint is signed after so many events ... */
  readonly checkpointEvents: number;
  /** ... or after this time, if there was an event since the last one. */
  readonly checkpointInterval: Micros;
}
