/** The value of `portledger-lease`: what two Portledgers send each other about a binding beyond the protocol. */
export interface PortledgerLease {
  /** The packet that last showed the client's port: its giaddr and its Option 82 payload (latin1). */
  readonly port: { readonly giaddr: number; readonly option82: string } | null;
  /** latin1. */
  readonly hostname: string | null;
  /** True if the sender was the last to grant or extend the lease. It then records the end of the lease. */
  readonly own: boolean;
}

/** `PL` and the version of the layout. The option code is not registered, so the value says whose it is. */
const PREFIX = Buffer.from('PL\x01', 'latin1');
const HAS_PORT = 1;
const HAS_HOSTNAME = 2;
const IS_OWN = 4;
/** Octets of prefix, flags, giaddr and the two lengths. */
const FIXED = PREFIX.length + 1 + 4 + 2 + 1;
/** Longest values that are sent. Longer ones are left out; the partner's renewals then have no port. */
const MAX_OPTION82 = 1024;
const MAX_HOSTNAME = 255;

/**
 * Octets: prefix (3), flags (1: bit 0 port, bit 1 hostname, bit 2 own), giaddr (4), length of the Option 82 payload (2), length of the
 * hostname (1), then both.
 */
export function encodePortledgerLease({ port, hostname, own }: PortledgerLease): Buffer {
  const hasPort = port !== null && port.option82.length <= MAX_OPTION82;
  const hasName = hostname !== null && hostname.length <= MAX_HOSTNAME;
  const option82 = Buffer.from(hasPort ? port.option82 : '', 'latin1');
  const name = Buffer.from(hasName ? hostname : '', 'latin1');
  const head = Buffer.alloc(FIXED);
  PREFIX.copy(head);
  head.writeUInt8((hasPort ? HAS_PORT : 0) | (hasName ? HAS_HOSTNAME : 0) | (own ? IS_OWN : 0), 3);
  head.writeUInt32BE(hasPort ? port.giaddr : 0, 4);
  head.writeUInt16BE(option82.length, 8);
  head.writeUInt8(name.length, 10);
  return Buffer.concat([head, option82, name]);
}

/** Reads what {@link encodePortledgerLease} wrote; undefined if the option is absent or has another layout. */
export function decodePortledgerLease(bytes: Buffer | undefined): PortledgerLease | undefined {
  if (!bytes || bytes.length < FIXED || !bytes.subarray(0, PREFIX.length).equals(PREFIX)) return undefined;
  const flags = bytes.readUInt8(3);
  const nameAt = FIXED + bytes.readUInt16BE(8);
  if (bytes.length !== nameAt + bytes.readUInt8(10)) return undefined;
  const option82 = bytes.toString('latin1', FIXED, nameAt);
  return {
    port: flags & HAS_PORT ? { giaddr: bytes.readUInt32BE(4), option82 } : null,
    hostname: flags & HAS_HOSTNAME ? bytes.toString('latin1', nameAt) : null,
    own: (flags & IS_OWN) !== 0,
  };
}
