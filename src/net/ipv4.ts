import { UsageError } from '../base/errors.js';

/** An IPv4 address as an unsigned 32-bit number, network order: 198.18.0.1 is 0xc6120001. */
export type Ipv4 = number;

/** Reads dotted decimal, four parts, no leading zeros. Returns undefined for anything else. */
export function tryParseIpv4(text: string): Ipv4 | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part[0] === '0')) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** As {@link tryParseIpv4}, throws UsageError. */
export function parseIpv4(text: string): Ipv4 {
  const value = tryParseIpv4(text);
  if (value === undefined) throw new UsageError(`"${text}" is not an IPv4 address`, { hint: 'write it as 198.18.0.1' });
  return value;
}

/** Dotted decimal. */
export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** A network: its first address and the number of leading bits, 0-32. */
export interface Subnet {
  network: Ipv4;
  prefix: number;
}

/** The netmask of a prefix length of 0-32. */
export function netmask(prefix: number): Ipv4 {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

/** The last address of a network. */
export function broadcastOf(subnet: Subnet): Ipv4 {
  return (subnet.network | ~netmask(subnet.prefix)) >>> 0;
}

/** True if the address lies in the network (its first and last address included). */
export function contains(subnet: Subnet, address: Ipv4): boolean {
  return (address & netmask(subnet.prefix)) >>> 0 === subnet.network;
}

/** `198.18.0.0/16`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.network)}/${subnet.prefix}`;
}
