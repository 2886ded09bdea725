import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DropReason } from '../pipeline/counters.js';
import type { DecisionContext } from './context.js';
import { type Decision, drop, reply } from './decision.js';
import { currentLease } from './lease-events.js';
import { leaseSeconds } from './lease-time.js';
import { portForOffer } from './port-limit.js';
import { observedPort, reservationPort, showsPort } from './port-view.js';
import { addressOption, type Requester } from './requester.js';
import { reservationKeys } from './topology.js';

/** Answers a DISCOVER with an offer, and reserves the address for the client for `offerTime` (RFC 2131 section 4.3.1). */
export function discover(requester: Requester, context: DecisionContext): Decision {
  const { network, client, message } = requester;
  if (!network) return drop('no-subnet');
  const address = chooseAddress(requester, network, context);
  if (address === undefined) return drop(reasonForNone(network, context) ?? 'pool-exhausted');
  const pair = context.pairs.of(address);
  const leaves = pair?.leavesDiscover(requester);
  if (leaves) return drop(leaves);
  const scope = context.topology.scopeOf(address)!;
  const seen = showsPort(message.relayAgent) ? observedPort(message) : null;
  const leaving = [context.leases.get(address), context.leases.ofClient(network, client.client)];
  const counted = portForOffer(requester, network, seen, leaving, context);
  if (counted.kind === 'full') return drop('port-lease-limit');
  context.leases.offer(network, client.client, address, context.now + context.settings.offerTime, counted.port);
  const desired = leaseSeconds(message, scope.leases);
  const seconds = pair?.leaseSeconds(address, client, desired) ?? desired;
  return reply({ type: 'offer', yiaddr: address, scope, leaseSeconds: seconds });
}

/** Why the network's pools that are shared with a partner give no address; undefined if they would, or there are none. */
function reasonForNone(network: Network, context: DecisionContext): DropReason | undefined {
  for (const pool of network.pools) {
    const pair = pool.failover === undefined ? undefined : context.pairs.of(pool.first);
    const reason = pair?.silence() ?? pair?.withholds();
    if (reason) return reason;
  }
  return undefined;
}

/**
 * The address to offer, in the order of RFC 2131 section 4.3.1 with reservations first: the client's reservation, its active lease, its
 * open offer, its last address, the one it requests, the one that has been free longest.
 */
function chooseAddress(requester: Requester, network: Network, context: DecisionContext): Ipv4 | undefined {
  const { client, message } = requester;
  const reserved = reservedAddress(requester, network, context);
  if (reserved !== undefined) return reserved;
  const own = context.leases.ofClient(network, client.client);
  const last = own && currentLease(context, own.address);
  if (last?.state === 'active' && mayHave(requester, network, last.address, context)) return last.address;
  const offered = context.leases.offeredTo(network, client.client);
  if (offered !== undefined && mayHave(requester, network, offered, context)) return offered;
  if (last && network.isFree(last.address)) return last.address;
  const requested = addressOption(message, OPTION.requestedAddress);
  if (requested !== undefined && mayHave(requester, network, requested, context)) return requested;
  return network.leastRecentlyUsed();
}

/**
 * The address reserved for the client, if it is available: not in quarantine, and not leased to another client. A reservation for a port
 * is available even then: the client at that port now has replaced the other one.
 */
export function reservedAddress(requester: Requester, network: Network, context: DecisionContext): Ipv4 | undefined {
  const reservation = context.topology.reservationFor(network, reservationKeysOf(requester, network, context));
  if (!reservation) return undefined;
  const lease = currentLease(context, reservation.address);
  if (lease?.state === 'declined') return undefined;
  const isOthers = isActive(lease, context.now) && lease.client !== requester.client.client;
  return isOthers && reservation.match.by !== 'port' ? undefined : reservation.address;
}

/** True if the client may have this address now: it is reserved for it, leased to it, offered to it, or free. */
export function mayHave(requester: Requester, network: Network, address: Ipv4, context: DecisionContext): boolean {
  if (context.topology.networkOf(address) !== network) return false;
  if (context.topology.ownerOf(address)) return reservedAddress(requester, network, context) === address;
  if (context.pairs.of(address)?.leavesRequest(address, requester.client)) return false;
  const lease = currentLease(context, address);
  if (lease?.state === 'active') return lease.client === requester.client.client && isInPool(network, address);
  if (context.leases.offeredTo(network, requester.client.client) === address) return isInPool(network, address);
  return network.isFree(address);
}

function isInPool(network: Network, address: Ipv4): boolean {
  return network.poolOf(address) !== undefined;
}

/** The port is the one in the packet, else the lease's: a unicast renewal shows none. */
function reservationKeysOf(requester: Requester, network: Network, context: DecisionContext) {
  const { client, message } = requester;
  const port = showsPort(message.relayAgent)
    ? observedPort(message)
    : (context.leases.ofClient(network, client.client)?.port ?? null);
  return reservationKeys(client, reservationPort(port));
}
