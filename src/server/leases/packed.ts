import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { LEASE_STATES, type Lease } from './lease.js';

/** Stands for the length of a text that is null. */
export const NULL_LENGTH = 0xffff;

/**
 * A lease whose texts are still bytes, so that a million of them can be read without making as many objects. A reader may yield the same
 * object each time: it is valid only until the next one is read.
 */
export interface PackedLease {
  readonly address: Ipv4;
  /** Index in LEASE_STATES. */
  readonly state: number;
  readonly htype: number;
  readonly start: Micros;
  readonly renewed: Micros;
  readonly end: Micros;
  /** Relay of the port, 0 without a port. */
  readonly giaddr: Ipv4;
  /** Lengths of client, hwaddr, clientId, hostname and Option 82, {@link NULL_LENGTH} for null. Without an Option 82 there is no port. */
  readonly lengths: readonly number[];
  /** The texts one after the other, from `offset` on. */
  readonly bytes: Buffer;
  readonly offset: number;
}

/** Makes a lease of it. */
export function unpack(packed: PackedLease): Lease {
  const [client, hwaddr, clientId, hostname, option82] = textsOf(packed);
  return {
    address: packed.address,
    state: LEASE_STATES[packed.state]!,
    client: client!,
    htype: packed.htype,
    hwaddr: hwaddr!,
    clientId: clientId!,
    hostname: hostname!,
    start: packed.start,
    renewed: packed.renewed,
    end: packed.end,
    due: packed.end,
    port: option82 == null ? null : { giaddr: packed.giaddr, option82 },
  };
}

function textsOf({ bytes, offset, lengths }: PackedLease): (string | null)[] {
  let from = offset;
  return lengths.map((length) => {
    if (length === NULL_LENGTH) return null;
    from += length;
    return bytes.toString('latin1', from - length, from);
  });
}
