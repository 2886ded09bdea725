import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DropReason } from '../pipeline/counters.js';
import { type Decision, drop, reply } from './decision.js';
import { leaseSeconds } from './lease-time.js';
import { currentLease, type Desk } from './ledger.js';
import { portForOffer } from './port-limit.js';
import { observedPort, reservationPort, showsPort } from './port-view.js';
import { addressOption, type Requester } from './requester.js';
import { reservationKeys } from './topology.js';

/** Answers a DISCOVER with an offer, and holds the address for the client (RFC 2131 section 4.3.1). */
export function discover(requester: Requester, desk: Desk): Decision {
  const { network, client, message } = requester;
  if (!network) return drop('no-subnet');
  const address = chooseAddress(requester, network, desk);
  if (address === undefined) return drop(silenceIn(network, desk) ?? 'pool-exhausted');
  const pair = desk.pairs.of(address);
  const leaves = pair?.leavesDiscover(requester);
  if (leaves) return drop(leaves);
  const scope = desk.topology.scopeOf(address)!;
  const seen = showsPort(message.relayAgent) ? observedPort(message) : null;
  const leaving = [desk.leases.get(address), desk.leases.ofClient(network, client.client)];
  const counted = portForOffer(requester, network, seen, leaving, desk);
  if (counted.kind === 'full') return drop('port-lease-limit');
  desk.leases.offer(network, client.client, address, desk.now + desk.config.offerTime, counted.port);
  const desired = leaseSeconds(message, scope.leases);
  const seconds = pair?.leaseSeconds(address, client, desired) ?? desired;
  return reply({ type: 'offer', yiaddr: address, scope, leaseSeconds: seconds });
}

/** Why the pools that a partner shares give nothing, if one of the network is such. */
function silenceIn(network: Network, desk: Desk): DropReason | undefined {
  for (const pool of network.pools) {
    const pair = pool.failover === undefined ? undefined : desk.pairs.of(pool.first);
    const reason = pair?.silence() ?? pair?.withholds();
    if (reason) return reason;
  }
  return undefined;
}

/**
 * The address for a client, in the order of RFC 2131 section 4.3.1 with reservations first: its reservation, its active lease, what it was
 * offered a moment ago, the address it last had, the one it asks for, the one that has been free for the longest time.
 */
function chooseAddress(requester: Requester, network: Network, desk: Desk): Ipv4 | undefined {
  const { client, message } = requester;
  const reserved = reservedAddress(requester, network, desk);
  if (reserved !== undefined) return reserved;
  const own = desk.leases.ofClient(network, client.client);
  const last = own && currentLease(desk, own.address);
  if (last?.state === 'active' && mayHave(requester, network, last.address, desk)) return last.address;
  const offered = desk.leases.offeredTo(network, client.client);
  if (offered !== undefined && mayHave(requester, network, offered, desk)) return offered;
  if (last && network.isFree(last.address)) return last.address;
  const asked = addressOption(message, OPTION.requestedAddress);
  if (asked !== undefined && mayHave(requester, network, asked, desk)) return asked;
  return network.leastRecentlyUsed();
}

/**
 * The address reserved for the client, if it can have it now: not while another client's lease on it lasts, except where the
 * reservation is of the port and the other client is, by that, no longer there.
 */
export function reservedAddress(requester: Requester, network: Network, desk: Desk): Ipv4 | undefined {
  const reservation = desk.topology.reservationFor(network, keysOf(requester, network, desk));
  if (!reservation) return undefined;
  const holder = currentLease(desk, reservation.address);
  if (holder?.state === 'declined') return undefined;
  const isOthers = isActive(holder, desk.now) && holder.client !== requester.client.client;
  return isOthers && reservation.match.by !== 'port' ? undefined : reservation.address;
}

/** True if the client may have this address now: reserved for it, its own active lease, offered to it, or free for anybody. */
export function mayHave(requester: Requester, network: Network, address: Ipv4, desk: Desk): boolean {
  if (desk.topology.networkOf(address) !== network) return false;
  if (desk.topology.ownerOf(address)) return reservedAddress(requester, network, desk) === address;
  if (desk.pairs.of(address)?.leavesRequest(address, requester.client)) return false;
  const lease = currentLease(desk, address);
  if (lease?.state === 'active') return lease.client === requester.client.client && isInPool(network, address);
  if (desk.leases.offeredTo(network, requester.client.client) === address) return isInPool(network, address);
  return network.isFree(address);
}

function isInPool(network: Network, address: Ipv4): boolean {
  return network.poolOf(address) !== undefined;
}

/** The port counts as the packet shows it, or as the lease knows it where a unicast renewal shows none. */
function keysOf(requester: Requester, network: Network, desk: Desk) {
  const { client, message } = requester;
  const port = showsPort(message.relayAgent)
    ? observedPort(message)
    : (desk.leases.ofClient(network, client.client)?.port ?? null);
  return reservationKeys(client, reservationPort(port));
}
