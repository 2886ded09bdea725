import type { Ipv4 } from '../../net/ipv4.js';
import type { BindingStatus } from '../../protocol/failover/codes.js';
import type { Seconds } from '../../protocol/failover/message.js';
import type { PortObservation } from '../leases/lease.js';

export type { Seconds };

/** The client that has, or last had, an address. Bytes are latin1 strings as in leases. */
export interface Holder {
  readonly htype: number;
  /** chaddr. */
  readonly hwaddr: string;
  /** Option 61, null if it was not sent. */
  readonly clientId: string | null;
}

/**
 * What a server knows of one address that it shares with its partner. Immutable. Names in brackets are those of dhcpd's lease file.
 */
export interface Binding {
  readonly address: Ipv4;
  readonly status: BindingStatus;
  /** Null if the address was never used or is ABANDONED. */
  readonly holder: Holder | null;
  readonly hostname: string | null;
  /** The packet that last showed the port. Of the partner's leases only if the partner is a Portledger. */
  readonly port: PortObservation | null;
  readonly starts: Seconds;
  readonly ends: Seconds;
  /** Client last transaction time [cltt]. */
  readonly cltt: Seconds;
  /** Latest end that the partner must expect [tstp]; sent as potential-expiration-time. */
  readonly promised: Seconds;
  /** The part of it that the partner has acknowledged, or sent itself [tsfp]. No client may get more than MCLT beyond. */
  readonly acknowledged: Seconds;
  /** When both servers last agreed on this binding: by an acknowledgement, or by an accepted update of the partner. */
  readonly agreed: Seconds;
  /** True if the partner has not acknowledged this binding in its present form. */
  readonly pending: boolean;
  /** True if this server was the last to grant or extend the lease. It then records the expiry. */
  readonly own: boolean;
  /** The free status to which it may return without the partner's consent, because the partner never learned of the lease; else null. */
  readonly rewind: 'FREE' | 'BACKUP' | null;
  /** IP-flags: 1 reserved, 2 BOOTP. */
  readonly flags: number;
}

/** The binding of an address that was never used. It need not be stored. */
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

/** True if both are the same client: by client identifier, else by hardware address (RFC 2131 section 4.2). */
export function sameHolder(a: Holder | null, b: Holder | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.clientId !== null || b.clientId !== null) return a.clientId === b.clientId;
  return a.htype === b.htype && a.hwaddr === b.hwaddr;
}

/** True if the address is as at the very beginning: free for the primary, never used. */
export function isUnused({
  status,
  starts,
  ends,
  holder,
}: Pick<Binding, 'status' | 'starts' | 'ends' | 'holder'>): boolean {
  return status === 'FREE' && starts === 0 && ends === 0 && holder === null;
}
