import type { Micros } from '../../base/time.js';

export const LEASE_EVENT_KINDS = ['granted', 'renewed', 'released', 'declined', 'expired', 'revoked'] as const;
export const SERVER_EVENT_KINDS = ['server-started', 'server-stopped', 'clock-stepped', 'queue-refused'] as const;
export const EVENT_KINDS = [...LEASE_EVENT_KINDS, ...SERVER_EVENT_KINDS] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** State of the client, as its request shows it (RFC 2131 section 4.3.2). */
export const CLIENT_STATES = ['SELECTING', 'INIT-REBOOT', 'RENEWING', 'REBINDING'] as const;
export type ClientState = (typeof CLIENT_STATES)[number];

/** How the event knows its port. */
export const EVIDENCES = ['observed', 'carried', 'none'] as const;
export type Evidence = (typeof EVIDENCES)[number];

/**
 * What the server knows of an event before it is committed. All bytes are as the client and the relay sent them.
 *
 * With evidence `observed` the fields giaddr to linkSelection come from this packet; with `carried` they are those of the
 * packet that last showed the port of this lease, so that an event names its port by itself; with `none`, circuitId,
 * remoteId, subscriberId and relayId are null, giaddr is the packet's, and option82 holds the bytes
 * of an Option 82 that is malformed or names neither switch, port nor subscriber.
 */
export interface EventDraft {
  kind: EventKind;
  /** Name of the server (`server.name`). */
  server: string;
  /** IPv4 or IPv6 address in its canonical text; null for events of the server itself. */
  address: string | null;
  /** Hardware type, RFC 1700 (1 = Ethernet), 0-255. */
  htype: number | null;
  /** Hardware address, 0-16 bytes (chaddr up to hlen). */
  hwaddr: Uint8Array | null;
  /** Option 61, up to 255 bytes. */
  clientId: Uint8Array | null;
  /** Option 12 (or the name of option 81), up to 255 bytes. */
  hostname: Uint8Array | null;
  /** Option 60, up to 255 bytes. */
  vendorClass: Uint8Array | null;
  /** Option 55, up to 255 bytes. */
  parameterRequestList: Uint8Array | null;
  /** Transaction id, unsigned 32 bits. */
  xid: number | null;
  clientState: ClientState | null;
  /** Address of the relay, null if none. */
  giaddr: string | null;
  /** Payload of Option 82 as it came, whole (several instances joined, RFC 3396), up to 65535 bytes. */
  option82: Uint8Array | null;
  circuitId: Uint8Array | null;
  remoteId: Uint8Array | null;
  subscriberId: Uint8Array | null;
  relayId: Uint8Array | null;
  linkSelection: string | null;
  evidence: Evidence;
  /**
   * Lease events: when this uninterrupted lease began. `server-started`, `clock-stepped`, `queue-refused`: the start of the span
   * in which the server can prove nothing, if there is one.
   */
  leaseStart: Micros | null;
  /**
   * Lease events: until when the lease holds (granted, renewed), or when it ended (released, declined, expired, revoked).
   * Server events: the end of the span of leaseStart.
   */
  leaseEnd: Micros | null;
  /** Events of the server itself: what happened, in words (`unclean end`, `clock stepped back 3600 s`), up to 255 ASCII characters. */
  detail: string | null;
}

/** An event as it was committed: immutable, named forever by (queue, sequence). */
export interface LedgerEvent extends EventDraft {
  /** UUID of the queue, lower-case text. */
  queue: string;
  /** 1, 2, 3 ... without holes. */
  sequence: number;
  /** The server's clock at commit; never decreases within a queue. */
  at: Micros;
  /** SHA-256(previous hash || canonical encoding), 32 bytes. */
  hash: Uint8Array;
}

/** True for events about a lease, false for events of the server itself. */
export function isLeaseEvent(kind: EventKind): boolean {
  return (LEASE_EVENT_KINDS as readonly string[]).includes(kind);
}
