import { broadcastOf, formatSubnet, type Ipv4 } from '../../net/ipv4.js';
import { Network } from '../leases/network.js';
import { AddressPool } from '../leases/pool.js';
import type {
  BootFields,
  LeaseTimes,
  OptionSet,
  ReservationSettings,
  ServerSettings,
  SubnetSettings,
} from '../settings.js';

/** The configuration for one address: of its reservation, else of its pool, else of its subnet. */
export interface Scope {
  readonly subnet: SubnetSettings;
  readonly options: OptionSet;
  readonly leases: LeaseTimes;
  readonly boot: BootFields;
  readonly hostname?: string | undefined;
}

/** A configured subnet. */
interface SubnetEntry {
  readonly settings: SubnetSettings;
  readonly network: Network;
  readonly last: Ipv4;
}

/** What a reservation is for, as a string; {@link reservationKeys} makes it. */
export type ReservationKey = string;

/** The configuration by address: network, scope and reservation. Built anew at every reload. */
export class Topology {
  readonly networks: readonly Network[];
  /** Subnets by their first address, ascending; they do not overlap. */
  readonly #subnets: readonly SubnetEntry[];
  readonly #reservations = new Map<string, ReservationSettings>();
  readonly #owners = new Map<Ipv4, ReservationSettings>();

  /** @param own addresses of the server itself, which no pool may give away */
  constructor(settings: ServerSettings, own: readonly Ipv4[]) {
    const groups = new Map<string, SubnetSettings[]>();
    for (const subnet of settings.subnets) {
      const name = subnet.sharedNetwork ?? formatSubnet(subnet.subnet);
      groups.set(name, [...(groups.get(name) ?? []), subnet]);
    }
    const subnets: SubnetEntry[] = [];
    this.networks = [...groups].map(([name, members]) => {
      const network = new Network(
        name,
        members.flatMap((member) => poolsOf(member, own)),
      );
      for (const member of members) {
        subnets.push({ settings: member, network, last: broadcastOf(member.subnet) });
        this.#reserve(network, member);
      }
      return network;
    });
    this.#subnets = subnets.sort((a, b) => a.settings.subnet.network - b.settings.subnet.network);
  }

  /** The configured subnet that contains the address. */
  subnetAt(address: Ipv4): SubnetSettings | undefined {
    return this.#find(address)?.settings;
  }

  /** The network of the subnet that contains the address. */
  networkOf(address: Ipv4): Network | undefined {
    return this.#find(address)?.network;
  }

  /** The configuration for this address; undefined if it is in no subnet. */
  scopeOf(address: Ipv4): Scope | undefined {
    const subnet = this.subnetAt(address);
    if (!subnet) return undefined;
    const reservation = this.#owners.get(address);
    const inner = reservation ?? subnet.pools.find((pool) => address >= pool.first && address <= pool.last) ?? subnet;
    return { subnet, options: inner.options, leases: inner.leases, boot: inner.boot, hostname: reservation?.hostname };
  }

  /** The reservation in this network for the first of these keys that has one. */
  reservationFor(network: Network, keys: readonly ReservationKey[]): ReservationSettings | undefined {
    for (const key of keys) {
      const found = this.#reservations.get(network.id + key);
      if (found) return found;
    }
    return undefined;
  }

  /** The reservation of this address, for whichever client. */
  ownerOf(address: Ipv4): ReservationSettings | undefined {
    return this.#owners.get(address);
  }

  /** True if the server refuses requests of this network that it does not know (NAK): all its subnets are `authoritative`. */
  isAuthoritative(network: Network): boolean {
    return this.#subnets.every((subnet) => subnet.network !== network || subnet.settings.authoritative);
  }

  #reserve(network: Network, subnet: SubnetSettings): void {
    for (const reservation of subnet.reservations) {
      this.#reservations.set(network.id + matcherKey(reservation), reservation);
      this.#owners.set(reservation.address, reservation);
    }
  }

  #find(address: Ipv4): SubnetEntry | undefined {
    let low = 0;
    let high = this.#subnets.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const entry = this.#subnets[middle]!;
      if (address < entry.settings.subnet.network) high = middle - 1;
      else if (address > entry.last) low = middle + 1;
      else return entry;
    }
    return undefined;
  }
}

/** The keys under which a client may have a reservation, the first wins: client-id, hardware address, switch and port (latin1). */
export function reservationKeys(
  client: { htype: number; hwaddr: string; clientId: string | null },
  port: { switchId: string; circuitId: string } | null,
): ReservationKey[] {
  const keys: ReservationKey[] = [];
  if (client.clientId !== null) keys.push(`i${client.clientId}`);
  keys.push(`m${String.fromCharCode(client.htype)}${client.hwaddr}`);
  if (port) keys.push(portKey(port.switchId, port.circuitId));
  return keys;
}

function matcherKey({ match }: ReservationSettings): ReservationKey {
  if (match.by === 'client-id') return `i${match.clientId.toString('latin1')}`;
  if (match.by === 'mac') return `m${String.fromCharCode(match.htype)}${match.mac.toString('latin1')}`;
  return portKey(match.switchId.toString('latin1'), match.circuitId.toString('latin1'));
}

/** The length keeps pairs apart whose concatenated bytes are equal. */
function portKey(switchId: string, circuitId: string): ReservationKey {
  return `p${switchId.length}:${switchId}${circuitId}`;
}

function poolsOf(subnet: SubnetSettings, own: readonly Ipv4[]): AddressPool[] {
  const taken = new Set<Ipv4>([...own, ...subnet.reservations.map((reservation) => reservation.address)]);
  if (subnet.subnet.prefix < 31) taken.add(subnet.subnet.network).add(broadcastOf(subnet.subnet));
  return subnet.pools.map((pool) => new AddressPool(pool.first, pool.last, taken, pool.failover));
}
