/** Offsets of the fixed part of a DHCP message (RFC 2131 section 2, figure 1), in bytes. */
export const OFFSET = {
  op: 0,
  htype: 1,
  hlen: 2,
  hops: 3,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const;

export const CHADDR_LENGTH = 16;
export const SNAME_LENGTH = 64;
export const FILE_LENGTH = 128;

/** 99.130.83.99 (RFC 2131 section 3). */
export const MAGIC_COOKIE = 0x63825363;

/** Length of a BOOTP message. Old relays and clients drop shorter ones (RFC 951, RFC 1542 section 2.1). */
export const MINIMUM_LENGTH = 300;

/** The flag of a client that cannot receive unicast before it has an address (RFC 2131 section 4.1). */
export const BROADCAST_FLAG = 0x8000;

/** Most bytes of one instance of an option; longer values are split (RFC 3396). */
export const INSTANCE_LENGTH = 255;

/** The unsigned 32-bit number at an offset, network order. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Writes an unsigned 32-bit number in network order. */
export function writeUint32(bytes: Uint8Array, value: number, offset: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
