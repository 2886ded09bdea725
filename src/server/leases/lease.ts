import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';

/**
 * State of an address that was leased at least once. `active` until its end; a `declined` address is quarantined until its end;
 * all other states leave the address free, and the record makes it sticky for its last client.
 */
export const LEASE_STATES = ['active', 'released', 'expired', 'revoked', 'declined'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/**
 * The packet that last showed the port of a lease: payload of its Option 82 and its relay. Bytes are held as latin1 strings (one
 * character a byte): they are compact, immutable and usable as keys of a Map.
 */
export interface PortObservation {
  /** Relay agent address of that packet, 0 if a snooping switch inserted the option. */
  giaddr: Ipv4;
  option82: string;
}

/** One address and who has, or last had, it. Never changed in place: a change is a new object in the table. */
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
  /** Until when it holds (active), the address is quarantined (declined), or when it ended: in the time that events carry. */
  readonly end: Micros;
  /** When that is on the server's steady time, which goes on where the time of events is held. Not stored. */
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
