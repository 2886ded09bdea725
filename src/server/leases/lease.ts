import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';

/**
 * State of an address that was leased at least once. `active` until its end; a `declined` address is quarantined until its end;
 * all other states leave the address free, and the record makes it sticky for its last client.
 */
export const LEASE_STATES = ['active', 'released', 'expired', 'revoked', 'declined'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/**
 * What the packet that last showed the port of a lease said about it: Option 82 payload and relay. Bytes are latin1 strings (one
 * character a byte): compact, immutable and usable as keys of a Map.
 */
export interface PortObservation {
  /** Relay agent address of that packet, 0 if a snooping switch inserted the option. */
  giaddr: Ipv4;
  option82: string;
}

/** One address and the client that has, or last had, it. Immutable: a change is a new object in the table. */
export interface Lease {
  readonly address: Ipv4;
  readonly state: LeaseState;
  /** Identity of the client, see {@link clientKey}. */
  readonly client: string;
  readonly htype: number;
  /** chaddr, latin1. */
  readonly hwaddr: string;
  /** Option 61, latin1. */
  readonly clientId: string | null;
  /** Option 12, latin1. */
  readonly hostname: string | null;
  /** When this uninterrupted lease began. */
  readonly start: Micros;
  /** When its current term began: T1 and T2 count from here. */
  readonly renewed: Micros;
  /** The end of the lease (active) or of the quarantine (declined), or when the lease ended. In the time that events carry. */
  readonly end: Micros;
  /** `end` in the server's steady time, which goes on when the wall clock steps back. Not stored. */
  readonly due: Micros;
  readonly port: PortObservation | null;
}

/** The client's part of a lease. */
export type Client = Pick<Lease, 'client' | 'htype' | 'hwaddr' | 'clientId'>;

/**
 * Identity of a client within a subnet (RFC 2131 section 4.2): its client identifier, else its hardware type and address.
 * All byte arguments are latin1 strings.
 */
export function clientKey(htype: number, hwaddr: string, clientId: string | null): string {
  return clientId === null ? `h${String.fromCharCode(htype)}${hwaddr}` : `i${clientId}`;
}

/** True if the lease binds its address now, in steady time: half-open, the end itself is free. */
export function isActive(lease: Lease | undefined, now: Micros): lease is Lease {
  return lease !== undefined && lease.state === 'active' && now < lease.due;
}
