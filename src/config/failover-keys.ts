import { address } from './addresses.js';
import { choice, duration, integer, port, text } from './scalars.js';
import type { Key, Kind, Values } from './schema.js';
import type { YamlPath } from './yaml-path.js';

export const FAILOVER_ROLES = ['primary', 'secondary'] as const;

const DAY = 86_400;
const YEAR = 366 * DAY;
/** Octets of a hash bucket assignment: one bit for each of the 256 buckets of RFC 3074. */
const HBA_OCTETS = 32;

const name: Kind<string> = text(
  'name',
  (value) => value.trim() === value && value !== '' && !value.includes('\0') && Buffer.byteLength(value) <= 255,
  'write the name that the partner has for it too, at most 255 bytes',
);

const hashBuckets: Kind<Buffer> = {
  type: '32 bytes in hex',
  read: (value, at: YamlPath) => {
    const digits = typeof value === 'string' ? /^(?:0x)?((?:[0-9a-f]{2}[:\s]?)*)$/i.exec(value)?.[1] : undefined;
    const bytes = Buffer.from(digits?.replace(/[:\s]/g, '') ?? '', 'hex');
    if (bytes.length === HBA_OCTETS) return bytes;
    return at.fault('is not a hash bucket assignment', value, 'write 32 bytes as 64 hex digits, in quotes');
  },
};

/** One relationship with another server. Defaults are those of ISC dhcpd: a pair with one behaves as it did before. */
export const FAILOVER_KEYS = {
  name: { kind: name, required: true, doc: 'name of the relationship; the partner has the same' },
  role: { kind: choice(FAILOVER_ROLES), required: true, doc: 'which of the two this server is' },
  address: { kind: address, required: true, doc: 'own address for the partner' },
  port: { kind: port, default: 647, doc: 'own TCP port for the partner' },
  'peer-address': { kind: address, required: true, doc: 'address of the partner; nobody else may connect' },
  'peer-port': { kind: port, default: 647, doc: 'TCP port of the partner' },
  mclt: {
    kind: duration(1, YEAR),
    absent: 'required on the primary',
    doc: 'maximum client lead time: how much longer than the partner knows a lease may last; only on the primary',
  },
  split: {
    kind: integer('number of buckets', 0, 256),
    absent: '`split` or `hba` on the primary',
    doc: 'how many of 256 hash buckets of clients the primary answers: 128 is half; only on the primary',
  },
  hba: { kind: hashBuckets, absent: 'none', doc: "the primary's buckets one by one, instead of `split`" },
  'load-balance-max-seconds': {
    kind: integer('number of seconds', 0, 65_535),
    default: 3,
    doc: 'a client that has waited longer is answered whatever its bucket; 0: every client',
  },
  'max-response-delay': {
    kind: duration(2, 3600),
    default: '20s',
    doc: 'after so long without a message of the partner the connection is closed',
  },
  'max-unacked-updates': {
    kind: integer('number of updates', 1, 10_000),
    default: 100,
    doc: 'updates that the partner may send before it waits for an answer',
  },
  'auto-partner-down': {
    kind: duration(1, YEAR),
    absent: 'off',
    doc: 'after so long without the partner, this server assumes that it is down. That is wrong if only the network between them is cut',
  },
  'max-lease-misbalance': {
    kind: integer('percentage', 0, 100),
    default: 15,
    doc: 'percent by which the free addresses of both may differ before this server asks for balancing',
  },
  'max-lease-ownership': {
    kind: integer('percentage', 0, 100),
    default: 10,
    doc: 'percent of the free addresses that a server may have beyond its half, for clients that are its own',
  },
  'min-balance': { kind: duration(1, DAY), default: '60s', doc: 'the shortest time between two balancings' },
  'max-balance': { kind: duration(1, YEAR), default: '1h', doc: 'the longest time between two balancings' },
} as const satisfies Record<string, Key<unknown>>;

export type FailoverValues = Values<typeof FAILOVER_KEYS>;
