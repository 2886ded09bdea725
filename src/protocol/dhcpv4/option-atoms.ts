import { isIPv6 } from 'node:net';
import { isPrintable, toHex } from '../../base/text.js';
import { formatIpv4, netmask, tryParseIpv4 } from '../../net/ipv4.js';
import type { Cursor } from './cursor.js';
import { decodeDomainList, decodeDomainName, encodeDomainList, encodeDomainName } from './domain-name.js';
import { OptionValueError } from './errors.js';
import { readUint32, writeUint32 } from './layout.js';
import type { AtomName, OptionValue } from './option-type.js';

/** How one atom is read and written. */
export interface AtomCodec {
  /** What a value must be; follows "Expected" in an error. */
  readonly expected: string;
  readonly hint: string;
  /** True if a value takes all remaining bytes, so that nothing can follow it. */
  readonly open: boolean;
  /** The bytes of a configured value; undefined if it does not fit the atom. */
  encode(value: unknown): Uint8Array | undefined;
  /** Reads one value. Throws OptionValueError. */
  decode(cursor: Cursor): OptionValue;
}

export const ATOMS: Readonly<Record<AtomName, AtomCodec>> = {
  'ip-address': {
    expected: 'an IPv4 address',
    hint: 'write it as 198.18.0.1',
    open: false,
    encode: (value) => (typeof value === 'string' ? ipv4Bytes(value.trim()) : undefined),
    decode: (cursor) => formatIpv4(readUint32(cursor.take(4), 0)),
  },
  'ipv6-address': {
    expected: 'an IPv6 address',
    hint: 'write it as "2001:db8::1"',
    open: false,
    encode: (value) => (typeof value === 'string' ? ipv6Bytes(value.trim()) : undefined),
    decode: (cursor) => formatIpv6(cursor.take(16)),
  },
  'ip-prefix': {
    expected: 'a network',
    hint: 'write it as 198.18.0.0/16, all bits behind the prefix zero',
    open: false,
    encode: (value) => (typeof value === 'string' ? prefixBytes(value.trim()) : undefined),
    decode: decodePrefix,
  },
  'unsigned integer 8': integer(1, false),
  'unsigned integer 16': integer(2, false),
  'unsigned integer 32': integer(4, false),
  'signed integer 8': integer(1, true),
  'signed integer 16': integer(2, true),
  'signed integer 32': integer(4, true),
  boolean: {
    expected: 'true or false',
    hint: 'write true or false',
    open: false,
    encode: encodeBoolean,
    decode: decodeBoolean,
  },
  text: {
    expected: 'a text',
    hint: 'put it in quotes; it cannot be empty or hold a NUL',
    open: true,
    encode: (value) =>
      typeof value === 'string' && value !== '' && !value.includes('\0') ? Buffer.from(value, 'utf8') : undefined,
    decode: (cursor) => decodeText(cursor.rest()),
  },
  string: {
    expected: 'a text or hex bytes',
    hint: 'put it in quotes, bytes as "0x0a0b" or "0a:0b"',
    open: true,
    encode: (value) => (typeof value === 'string' ? (hexBytes(value) ?? Buffer.from(value, 'utf8')) : undefined),
    decode: (cursor) => decodeString(cursor.rest()),
  },
  'hex string': {
    expected: 'hex bytes',
    hint: 'write them in quotes as "0x0a0b" or "0a:0b"',
    open: true,
    encode: (value) => (typeof value === 'string' ? hexBytes(value) : undefined),
    decode: (cursor) => toHex(cursor.rest()),
  },
  fqdn: {
    expected: 'a domain name',
    hint: 'write it as host.example.org',
    open: false,
    encode: (value) => (typeof value === 'string' ? encodeDomainName(value.trim()) : undefined),
    decode: decodeDomainName,
  },
  'domain-list': {
    expected: 'a list of domain names',
    hint: 'write it as [example.org, example.net]',
    open: true,
    encode: (value) => {
      const names = textList(value);
      return names && encodeDomainList(names);
    },
    decode: decodeDomainList,
  },
  'sip-servers': {
    expected: 'a list of domain names or a list of IPv4 addresses',
    hint: 'write it as [sip.example.org] or [198.18.0.1]',
    open: true,
    encode: encodeSipServers,
    decode: decodeSipServers,
  },
  empty: {
    expected: 'true',
    hint: 'write true; the option has no value of its own',
    open: false,
    encode: (value) => (value === true || value === 'true' ? Buffer.alloc(0) : undefined),
    decode: () => true,
  },
};

function ipv4Bytes(text: string): Buffer | undefined {
  const address = tryParseIpv4(text);
  if (address === undefined) return undefined;
  const bytes = Buffer.alloc(4);
  writeUint32(bytes, address, 0);
  return bytes;
}

function ipv6Bytes(text: string): Buffer | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The URL parser reads every form of an address and returns groups of hex
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string | undefined): string[] => (part ? part.split(':') : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...new Array<string>(missing).fill('0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function formatIpv6(bytes: Buffer): string {
  const groups = bytes.toString('hex').match(/.{4}/g)!;
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Width and the significant bytes of the network (RFC 3442). */
function prefixBytes(text: string): Uint8Array | undefined {
  const [address = '', width = '', ...more] = (text === 'default' ? '0.0.0.0/0' : text).split('/');
  const network = ipv4Bytes(address);
  if (!network || more.length > 0 || !/^\d{1,2}$/.test(width) || Number(width) > 32) return undefined;
  const bits = Number(width);
  if ((readUint32(network, 0) & ~netmask(bits)) !== 0) return undefined;
  return Uint8Array.of(bits, ...network.subarray(0, Math.ceil(bits / 8)));
}

function decodePrefix(cursor: Cursor): string {
  const width = cursor.take(1)[0]!;
  if (width > 32) throw new OptionValueError(`Network has a prefix of ${width} bits`);
  const network = Buffer.alloc(4);
  network.set(cursor.take(Math.ceil(width / 8)));
  return `${formatIpv4(readUint32(network, 0))}/${width}`;
}

function integer(size: 1 | 2 | 4, signed: boolean): AtomCodec {
  const min = signed ? -(2 ** (size * 8 - 1)) : 0;
  const max = 2 ** (size * 8 - (signed ? 1 : 0)) - 1;
  return {
    expected: `an integer from ${min} to ${max}`,
    hint: 'write it in decimal, or in hex with 0x',
    open: false,
    encode: (value) => {
      const number = numberOf(value);
      if (number === undefined || number < min || number > max) return undefined;
      const bytes = Buffer.alloc(size);
      if (signed) bytes.writeIntBE(number, 0, size);
      else bytes.writeUIntBE(number, 0, size);
      return bytes;
    },
    decode: (cursor) => (signed ? cursor.take(size).readIntBE(0, size) : cursor.take(size).readUIntBE(0, size)),
  };
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\s*(-?\d{1,10}|0x[0-9a-f]{1,8})\s*$/i.test(value) ? Number(value) : undefined;
}

function encodeBoolean(value: unknown): Uint8Array | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 'true' || word === 'on' || word === 1) return Uint8Array.of(1);
  if (word === false || word === 'false' || word === 'off' || word === 0) return Uint8Array.of(0);
  return undefined;
}

function decodeBoolean(cursor: Cursor): boolean {
  const byte = cursor.take(1)[0]!;
  if (byte > 1) throw new OptionValueError(`Boolean is ${byte}, neither 0 nor 1`);
  return byte === 1;
}

/** Trailing NULs are dropped (RFC 2132 section 2); bytes that are not UTF-8 are shown as hex. */
function decodeText(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  const text = bytes.subarray(0, end).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes.subarray(0, end)) ? text : toHex(bytes);
}

/** Text if it is printable and would not be read back as hex. */
function decodeString(bytes: Buffer): string {
  const text = isPrintable(bytes) ? bytes.toString('latin1') : undefined;
  return text === undefined || hexBytes(text) ? toHex(bytes) : text;
}

/** `0x0a0b` (`0x` alone is no bytes) or `0a:0b` or `0a:b`; undefined for anything else. */
function hexBytes(text: string): Buffer | undefined {
  const packed = /^0x((?:[0-9a-f]{2})*)$/i.exec(text.trim())?.[1];
  if (packed !== undefined) return Buffer.from(packed, 'hex');
  if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2})+$/i.test(text.trim())) return undefined;
  return Buffer.from(text.split(':').map((pair) => Number.parseInt(pair, 16)));
}

function textList(value: unknown): string[] | undefined {
  const items: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const texts = items.filter((item) => typeof item === 'string').map((item) => item.trim());
  return texts.length > 0 && texts.length === items.length ? texts : undefined;
}

/** Encoding byte 1 is a list of addresses, 0 one of names (RFC 3361 section 3). */
function encodeSipServers(value: unknown): Uint8Array | undefined {
  const servers = textList(value);
  if (!servers) return undefined;
  const addresses = servers.map(ipv4Bytes).filter((address) => address !== undefined);
  if (addresses.length === servers.length) return Buffer.concat([Uint8Array.of(1), ...addresses]);
  return addresses.length > 0 ? undefined : Buffer.concat([Uint8Array.of(0), encodeDomainList(servers)]);
}

function decodeSipServers(cursor: Cursor): OptionValue[] {
  const encoding = cursor.take(1)[0]!;
  // Pointers count from the first name, behind the encoding byte
  if (encoding === 0) return decodeDomainList(cursor.nested());
  if (encoding !== 1) throw new OptionValueError(`SIP servers have encoding ${encoding}, neither 0 nor 1`);
  const servers: OptionValue[] = [];
  while (cursor.left > 0) servers.push(formatIpv4(readUint32(cursor.take(4), 0)));
  return servers;
}
