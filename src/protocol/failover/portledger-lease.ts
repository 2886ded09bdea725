import type { PortObservation } from '../leases/lease.js';

/** What a binding update between two Portledgers has beyond the protocol: the port of the lease and the name of its client. */
export interface CarriedLease {
  readonly port: PortObservation | null;
  /** latin1. */
  readonly hostname: string | null;
  /** Of a lease that goes on or has run out: the sender gave, or extended, it last, so that it is the one that records its end. */
  readonly own: boolean;
}

/** `PL` and the version of the layout: the code is not registered, so the value says whose it is. */
const PREFIX = Buffer.from('PL\x01', 'latin1');
const HAS_PORT = 1;
const HAS_HOSTNAME = 2;
const IS_OWN = 4;
/** Octets of prefix, flags, giaddr and the two lengths. */
const FIXED = PREFIX.length + 1 + 4 + 2 + 1;
/** Longest values that are carried; longer ones are left out, and the partner's renewals have no port then. */
const MAX_OPTION82 = 1024;
const MAX_HOSTNAME = 255;

/** Octets: prefix (3), flags (1: port 1, hostname 2, own 4), giaddr (4), length of the Option 82 payload (2), length of the hostname (1), then both. */
export function encodeCarried({ port, hostname, own }: CarriedLease): Buffer {
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

/** Reads what {@link encodeCarried} wrote; undefined if the option is absent or of another layout: then nothing is known. */
export function decodeCarried(bytes: Buffer | undefined): CarriedLease | undefined {
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
