import { type NetworkInterfaceInfoIPv4, networkInterfaces } from 'node:os';
import { UsageError } from '../base/errors.js';
import { contains, formatIpv4, type Ipv4, netmask, parseIpv4, type Subnet } from './ipv4.js';

/** A network interface that is up and has IPv4 addresses. */
export interface NetworkInterface {
  name: string;
  loopback: boolean;
  addresses: { address: Ipv4; subnet: Subnet }[];
}

/** Where an endpoint listens: an address, and the interface that has it. */
export interface ListenAddress {
  address: Ipv4;
  interface: NetworkInterface;
}

/** The interfaces of this machine that are up and have an IPv4 address, in the kernel's order. */
export function listInterfaces(): NetworkInterface[] {
  const found = new Map<string, NetworkInterface>();
  for (const [label, infos] of Object.entries(networkInterfaces())) {
    // An old-style alias such as eth0:1 is a second address of the device eth0.
    const name = label.split(':')[0]!;
    for (const info of infos ?? []) {
      if (info.family !== 'IPv4') continue;
      const entry = found.get(name) ?? { name, loopback: info.internal, addresses: [] };
      entry.addresses.push(addressOf(info));
      found.set(name, entry);
    }
  }
  return [...found.values()];
}

function addressOf(info: NetworkInterfaceInfoIPv4): NetworkInterface['addresses'][number] {
  const address = parseIpv4(info.address);
  const prefix = info.cidr === null ? 32 : Number(info.cidr.split('/')[1]);
  return { address, subnet: { network: (address & netmask(prefix)) >>> 0, prefix } };
}

/**
 * Finds where to listen: by an interface, by an address, or both. An interface alone means its first address.
 * @throws UsageError, whose hint lists the interfaces of this machine
 */
export function findListenAddress(
  wanted: { address?: Ipv4; interface?: string },
  interfaces: NetworkInterface[] = listInterfaces(),
): ListenAddress {
  const { address, interface: name } = wanted;
  if (address === undefined && name === undefined)
    throw new UsageError('Nothing to listen on', { hint: `give an interface or an address; ${inventory(interfaces)}` });
  const found = name === undefined ? byAddress(interfaces, address!) : byName(interfaces, name, address);
  if (found) return found;
  const what =
    name === undefined
      ? `Address ${formatIpv4(address!)} is not one of this machine`
      : address === undefined
        ? `Interface "${name}" does not exist, is down or has no IPv4 address`
        : `Interface "${name}" with address ${formatIpv4(address)} does not exist or is down`;
  throw new UsageError(what, { hint: inventory(interfaces) });
}

function byName(interfaces: NetworkInterface[], name: string, address?: Ipv4): ListenAddress | undefined {
  const entry = interfaces.find((candidate) => candidate.name === name);
  const chosen = address ?? entry?.addresses[0]?.address;
  if (!entry || chosen === undefined || !owns(entry, chosen)) return undefined;
  return { address: chosen, interface: entry };
}

function byAddress(interfaces: NetworkInterface[], address: Ipv4): ListenAddress | undefined {
  const entry = interfaces.find((candidate) => owns(candidate, address));
  return entry && { address, interface: entry };
}

/** A loopback interface has every address of its network: 127.0.0.2 needs no set-up. */
function owns(entry: NetworkInterface, address: Ipv4): boolean {
  return entry.addresses.some((own) => own.address === address || (entry.loopback && contains(own.subnet, address)));
}

function inventory(interfaces: NetworkInterface[]): string {
  const shown = interfaces.map(
    (entry) =>
      `${entry.name} ${entry.addresses.map((own) => `${formatIpv4(own.address)}/${own.subnet.prefix}`).join(' ')}`,
  );
  return `this machine has ${shown.join(', ') || 'no IPv4 address'}`;
}
