import { address, addressOrSubnet, addressRange, bytes, mac, subnet } from './addresses.js';
import { FAILOVER_KEYS } from './failover-keys.js';
import { boolean, duration, integer, port, text } from './scalars.js';
import { type Key, type Kind, listOf, mapOf, type Values } from './schema.js';
import { SCOPE_KEYS } from './scope-keys.js';

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;
const HOSTNAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const ACCOUNT = /^[a-z_][a-z0-9_.-]{0,31}\$?$/i;
/** IFNAMSIZ minus the NUL. The kernel allows no slash and no blank. */
const INTERFACE = /^[^\s/]{1,15}$/;
const YEAR = 366 * 86_400;

const serverName = text('name', (value) => NAME.test(value), 'write letters, digits, ".", "_" and "-", at most 63');
const account = text('name', (value) => ACCOUNT.test(value), 'write the name of a user or group of this machine');
const hostname = text('host name', (value) => HOSTNAME.test(value), 'write labels of letters, digits and "-"');
const interfaceName = text('name of an interface', (value) => INTERFACE.test(value), 'write it as `ip link` shows it');
const linkName = text('name', (value) => value.trim() !== '', 'write any text that is not empty');
const typeName = text(
  'option type',
  (value) => value.trim() !== '',
  'write it as "ip-address" or "array of ip-address"',
);

const LISTEN_KEYS = {
  address: { kind: address, doc: 'own address to listen on; this or `interface` is needed' },
  interface: { kind: interfaceName, doc: 'interface to listen on, for clients attached to it' },
  port: { kind: port, default: 67, doc: 'UDP port' },
  snooping: {
    kind: boolean,
    default: false,
    doc: 'believe Option 82 without a relay: a DHCP-snooping switch puts it in',
  },
  'relay-port': { kind: port, absent: '`port`', doc: 'port to which replies to relays go' },
  'client-port': { kind: port, absent: '`port` + 1', doc: 'port to which replies to clients go' },
} as const satisfies Record<string, Key<unknown>>;

const DEFINITION_KEYS = {
  name: { kind: linkName, required: true, doc: 'name of the option' },
  code: { kind: integer('option code', 1, 254), required: true, doc: 'number of the option, 1 to 254' },
  type: {
    kind: typeName,
    required: true,
    doc: '`ip-address`, `array of unsigned integer 16`, `{ ip-address, text }` ...',
  },
} as const satisfies Record<string, Key<unknown>>;

const POOL_KEYS = {
  range: { kind: addressRange, required: true, doc: 'FIRST-LAST or a subnet' },
  failover: { kind: linkName, absent: 'none', doc: 'name of the relationship that shares this pool with a partner' },
  ...SCOPE_KEYS,
} as const satisfies Record<string, Key<unknown>>;

const RESERVATION_KEYS = {
  mac: { kind: mac, doc: 'for the client with this MAC address' },
  'client-id': { kind: bytes, doc: 'for the client that sends this option 61, type byte included' },
  switch: { kind: bytes, doc: 'for any client on this switch (remote-id, or a name of `switches`) and `port`' },
  port: { kind: bytes, doc: 'circuit-id of the port' },
  address: { kind: address, required: true, doc: 'the reserved address' },
  hostname: { kind: hostname, absent: 'none', doc: 'option 12 for this client' },
  ...SCOPE_KEYS,
} as const satisfies Record<string, Key<unknown>>;

export type PoolValues = Values<typeof POOL_KEYS>;
export type ReservationValues = Values<typeof RESERVATION_KEYS>;

const poolMap = mapOf(POOL_KEYS);

/** A pool: a range, or a map with the key `range`. */
const pool: Kind<PoolValues> = {
  type: 'address range, or map',
  keys: POOL_KEYS,
  read: (value, at) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return poolMap.read(value, at);
    const range = addressRange.read(value, at);
    return range && { at, written: new Set(['range']), range };
  },
};

const SUBNET_KEYS = {
  subnet: { kind: subnet, required: true, doc: 'the network, as NETWORK/PREFIX' },
  'shared-network': { kind: linkName, absent: 'none', doc: 'subnets of one name share one link, behind one relay' },
  pools: {
    kind: listOf(pool),
    absent: 'none',
    doc: 'addresses for any client; at most 4194304 in a pool, 16777216 in all',
  },
  reservations: { kind: listOf(mapOf(RESERVATION_KEYS)), absent: 'none', doc: 'reserved addresses' },
  authoritative: {
    kind: boolean,
    absent: 'that of the server',
    doc: 'send a NAK to a client that asks for an address that is not its own',
  },
  ...SCOPE_KEYS,
} as const satisfies Record<string, Key<unknown>>;

export type SubnetValues = Values<typeof SUBNET_KEYS>;

const networks = listOf(addressOrSubnet);

const trustedRelays: Kind<'any' | ReturnType<typeof networks.read>> = {
  type: 'list of address or subnet, or `any`',
  read: (value, at) => (value === 'any' ? 'any' : networks.read(value, at)),
};

export const SERVER_KEYS = {
  name: { kind: serverName, required: true, doc: 'name of this server in every event' },
  listen: { kind: listOf(mapOf(LISTEN_KEYS)), required: true, doc: 'addresses or interfaces to listen on' },
  'trusted-relays': { kind: trustedRelays, absent: 'none', doc: 'whose Option 82 is believed' },
  authoritative: {
    kind: boolean,
    default: true,
    doc: 'send a NAK to a client that asks for an address that is not its own',
  },
  'offer-time': {
    kind: duration(1, 3600),
    default: '30s',
    doc: 'how long an offered address is reserved for its client',
  },
  'decline-time': { kind: duration(1, YEAR), default: '1d', doc: 'how long a declined address is not used' },
  user: {
    kind: account,
    absent: 'who starts it',
    doc: 'the user that a process started by root switches to: `serve` once its sockets are open, `ship` at once. Files belong to this user',
  },
  group: { kind: account, absent: 'that of `user`', doc: 'group of that process' },
  'max-leases-per-port': {
    kind: integer('number of leases', 1, 65_535),
    absent: 'no limit',
    doc: 'most active leases of one port (switch and circuit-id); further clients there get none',
  },
  ...SCOPE_KEYS,
  'lease-time': { ...SCOPE_KEYS['lease-time'], default: '1h' },
  failover: { kind: listOf(mapOf(FAILOVER_KEYS)), absent: 'none', doc: 'relationships with other servers' },
  'option-definitions': { kind: listOf(mapOf(DEFINITION_KEYS)), absent: 'none', doc: 'options of your own' },
  subnets: { kind: listOf(mapOf(SUBNET_KEYS)), required: true, doc: 'the networks that are served' },
} as const satisfies Record<string, Key<unknown>>;

export type ServerValues = Values<typeof SERVER_KEYS>;
export type ListenValues = Values<typeof LISTEN_KEYS>;
export type DefinitionValues = Values<typeof DEFINITION_KEYS>;
