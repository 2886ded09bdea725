import { readEthernetAddress as parseMac } from '../base/hardware-address.js';
import { broadcastOf, formatIpv4, formatSubnet, type Ipv4, netmask, type Subnet, tryParseIpv4 } from '../net/ipv4.js';
import type { Kind } from './schema.js';
import type { YamlPath } from './yaml-path.js';

const ADDRESS_HINT = 'write it as 198.18.0.1';
const SUBNET_HINT = 'write NETWORK/PREFIX, as 198.18.0.0/16';
const RANGE_HINT = 'write FIRST-LAST, as 198.18.16.0-198.18.19.255';
const BYTES_HINT = 'write a text, hex as "0x000600aabbccddee", or a MAC address as "02:00:00:00:00:01", in quotes';

/** Both ends included. */
export interface AddressRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** The address of one host: not 0.0.0.0, not multicast, not broadcast. */
export const address: Kind<Ipv4> = {
  type: 'IPv4 address',
  read: (value, at) => {
    const parsed = typeof value === 'string' ? tryParseIpv4(value) : undefined;
    if (parsed === undefined) return at.fault('is not an IPv4 address', value, ADDRESS_HINT);
    if (parsed >= 0x01000000 && parsed < 0xe0000000) return parsed;
    return at.fault('is not the address of a host', value, 'write an address from 1.0.0.0 to 223.255.255.255');
  },
};

export const subnet: Kind<Subnet> = { type: 'subnet', read: (value, at) => readSubnet(value, at) };

/** An address (a network of one) or a subnet. */
export const addressOrSubnet: Kind<Subnet> = {
  type: 'address or subnet',
  read: (value, at) => {
    const single = typeof value === 'string' ? tryParseIpv4(value) : undefined;
    return single === undefined ? readSubnet(value, at) : { network: single, prefix: 32 };
  },
};

/** `FIRST-LAST`, or a subnet, which stands for all its addresses. */
export const addressRange: Kind<AddressRange> = {
  type: 'address range',
  read: (value, at) => readRange(value, at),
};

/** Bytes of Option 82 or of a client-id: as text, as `0x` hex, or as a MAC address. */
export const bytes: Kind<Buffer> = {
  type: 'bytes',
  read: (value, at) => {
    if (typeof value !== 'string') return at.fault('is not a text', value, BYTES_HINT);
    const parsed = value.startsWith('0x') ? parseHex(value.slice(2)) : (parseMac(value) ?? Buffer.from(value, 'utf8'));
    if (parsed && parsed.length > 0 && parsed.length <= 255) return parsed;
    return at.fault('is not 1 to 255 bytes', value, BYTES_HINT);
  },
};

/** A MAC address of 6 bytes, with `:`, `-` or in three groups with dots. */
export const mac: Kind<Buffer> = {
  type: 'MAC address',
  read: (value, at) =>
    (typeof value === 'string' ? parseMac(value) : undefined) ??
    at.fault('is not a MAC address', value, 'write it as "02:00:00:00:00:01", in quotes'),
};

/** `198.18.0.0-198.18.0.9`. */
export function formatRange(range: AddressRange): string {
  return `${formatIpv4(range.first)}-${formatIpv4(range.last)}`;
}

/** All addresses of a subnet. */
export function rangeOf(of: Subnet): AddressRange {
  return { first: of.network, last: broadcastOf(of) };
}

function readSubnet(value: unknown, at: YamlPath): Subnet | undefined {
  const match = typeof value === 'string' ? /^([^/]+)\/(\d{1,2})$/.exec(value) : null;
  const start = match ? tryParseIpv4(match[1]!) : undefined;
  const prefix = Number(match?.[2]);
  if (start === undefined || prefix > 32) return at.fault('is not a subnet', value, SUBNET_HINT);
  const network = (start & netmask(prefix)) >>> 0;
  if (network === start) return { network, prefix };
  const meant = formatSubnet({ network, prefix });
  return at.fault('is not a subnet: it has bits beyond its prefix', value, `did you mean "${meant}"?`);
}

function readRange(value: unknown, at: YamlPath): AddressRange | undefined {
  if (typeof value === 'string' && value.includes('/')) {
    const whole = readSubnet(value, at);
    return whole && rangeOf(whole);
  }
  const match = typeof value === 'string' ? /^\s*([\d.]+)\s*-\s*([\d.]+)\s*$/.exec(value) : null;
  const [first, last] = [match?.[1], match?.[2]].map((end) => (end === undefined ? undefined : tryParseIpv4(end)));
  if (first === undefined || last === undefined) {
    return at.fault('is not an address range', value, RANGE_HINT);
  }
  if (first <= last) return { first, last };
  const wrong = 'the first address is higher than the last';
  return at.fault(`is not an address range: ${wrong}`, value, RANGE_HINT);
}

function parseHex(digits: string): Buffer | undefined {
  return /^([0-9a-f]{2})+$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
