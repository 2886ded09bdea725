import type { Ipv4 } from '../../net/ipv4.js';
import type { BindingStatus } from '../../protocol/failover/codes.js';
import type { Seconds } from '../../protocol/failover/message.js';
import type { PortObservation } from '../leases/lease.js';

export type { Seconds };

/** Who has, or last had, an address. Bytes are latin1 strings as in leases. */
export interface Holder {
  readonly htype: number;
  /** chaddr. */
  readonly hwaddr: string;
  /** Option 61, null if it was not sent. */
  readonly clientId: string | null;
}

/**
 * What a server knows of one address that it shares with its partner. Never changed in place. The names in brackets are those of
 * dhcpd's lease file.
 */
export interface Binding {
  readonly address: Ipv4;
  readonly status: BindingStatus;
  /** Null for an address that was never used, and for ABANDONED ones. */
  readonly holder: Holder | null;
  readonly hostname: string | null;
  /** The packet that last showed the port; from the partner only if that is a Portledger. */
  readonly port: PortObservation | null;
  readonly starts: Seconds;
  readonly ends: Seconds;
  /** Last time that the client was heard [cltt]. */
  readonly cltt: Seconds;
  /** Until when the partner shall think that the lease may last [tstp]: sent as potential-expiration-time. */
  readonly promised: Seconds;
  /** What the partner is known to know of that, or said itself [tsfp]: no client may get more than MCLT beyond. */
  readonly acknowledged: Seconds;
  /** When this binding was last agreed on: an acknowledgement came, or an update of the partner was taken. */
  readonly agreed: Seconds;
  /** The partner has not acknowledged this binding as it is. */
  readonly pending: boolean;
  /** True if this server granted or extended it last: it writes the expiry. */
  readonly own: boolean;
  /** The free status to which it may go back without asking, for the partner never heard of its use; null if it may have. */
  readonly rewind: 'FREE' | 'BACKUP' | null;
  /** IP-flags: 1 reserved, 2 BOOTP. */
  readonly flags: number;
}

/** The binding of an address that was never used. It needs not be stored. */
export function neverUsed(address: Ipv4): Binding {
  return {
    address,
    status: 'FREE',
    holder: null,
    hostname: null,
    port: null,
    starts: 0,
    ends: 0,
    cltt: 0,
    promised: 0,
    acknowledged: 0,
    agreed: 0,
    pending: false,
    own: false,
    rewind: null,
    flags: 0,
  };
}

/** True if both hold the same client (RFC 2131 section 4.2: by client identifier, else by hardware address). */
export function sameHolder(a: Holder | null, b: Holder | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.clientId !== null || b.clientId !== null) return a.clientId === b.clientId;
  return a.htype === b.htype && a.hwaddr === b.hwaddr;
}

/** True if nothing is known of the address but that it is free for the primary, as at the very beginning. */
export function isUnused({
  status,
  starts,
  ends,
  holder,
}: Pick<Binding, 'status' | 'starts' | 'ends' | 'holder'>): boolean {
  return status === 'FREE' && starts === 0 && ends === 0 && holder === null;
}
