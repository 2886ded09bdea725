import { MICROS_PER_SECOND } from '../../base/time.js';
import type { ClientState } from '../../ledger/event/event.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive, type Lease } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DropReason } from '../pipeline/counters.js';
import { hostnameOf } from './client-text.js';
import type { DecisionContext } from './context.js';
import { type Decision, drop, reply } from './decision.js';
import { mayHave } from './discover.js';
import { currentLease, expireLease, recordLeaseEvent, revokeLease } from './lease-events.js';
import { leaseSeconds } from './lease-time.js';
import { dropForOther } from './other-server.js';
import { isPortFull } from './port-limit.js';
import { type PortReading, readBroadcastPort, readRenewal, readUnicastPort } from './port-rule.js';
import { addressOption, type Requester } from './requester.js';

/** Answers a REQUEST. Its options say which of the four client states it comes from (RFC 2131 section 4.3.2). */
export function request(requester: Requester, context: DecisionContext): Decision {
  const { message } = requester;
  const requested = addressOption(message, OPTION.requestedAddress);
  if (message.options.has(OPTION.serverIdentifier)) return selecting(requester, requested ?? message.ciaddr, context);
  if (message.ciaddr !== 0) return renewing(requester, context);
  return requested === undefined ? drop('no-requested-address') : initReboot(requester, requested, context);
}

/** SELECTING: the client accepts an offer of this server or of another. */
function selecting(requester: Requester, address: Ipv4, context: DecisionContext): Decision {
  const { network, client, message, serverId } = requester;
  if (!network) return drop('no-subnet');
  if (addressOption(message, OPTION.serverIdentifier) !== serverId) {
    context.leases.withdrawOffer(network, client.client);
    return dropForOther(requester, address, context);
  }
  if (address === 0) return drop('no-requested-address');
  const leaves = context.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  if (mayHave(requester, network, address, context)) return grant(requester, network, address, 'SELECTING', context);
  // With an overridden identifier the client may mean any server behind the relay: refuse only what this one offered
  if (requester.overridden && context.leases.offeredTo(network, client.client) === undefined)
    return drop('unknown-client');
  return nak('address not available');
}

/** INIT-REBOOT: the client asks whether its former address is still valid. */
function initReboot(requester: Requester, address: Ipv4, context: DecisionContext): Decision {
  const { network, client } = requester;
  if (!network) return drop('no-subnet');
  if (context.topology.networkOf(address) !== network) return refuse(context, network, 'wrong network');
  const leaves = context.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  const lease = currentLease(context, address);
  if (lease?.client === client.client && mayHave(requester, network, address, context)) {
    return grant(requester, network, address, 'INIT-REBOOT', context);
  }
  if (isReservedFor(requester, network, address, context))
    return grant(requester, network, address, 'INIT-REBOOT', context);
  return refuseLeased(requester, lease, network, context);
}

/** RENEWING (unicast) or REBINDING (broadcast): the client extends its lease. A relay may forward a copy of the former. */
function renewing(requester: Requester, context: DecisionContext): Decision {
  const { message, client } = requester;
  const address = message.ciaddr;
  const network = context.topology.networkOf(address);
  const lease = currentLease(context, address);
  const own = lease?.client === client.client ? lease : undefined;
  const { state, isCopy } = readRenewal(requester, own, context.direct, context.topology, context.now);
  if (message.giaddr === 0 && !requester.datagram.viaBroadcast) context.direct.note(requester, context.now);
  if (!network)
    return requester.network && !isCopy ? refuse(context, requester.network, 'wrong network') : drop('no-subnet');
  if (requester.network === undefined && !isCopy) return drop('no-subnet');
  if (isElsewhere(requester, network, isCopy)) return refuse(context, network, 'wrong network');
  const leaves = context.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  if (own && mayHave(requester, network, address, context)) {
    const read = state === 'RENEWING' ? readUnicastPort(requester, own.port, isCopy) : undefined;
    return grant(requester, network, address, state, context, read);
  }
  return refuseLeased(requester, lease, network, context);
}

/** True for a broadcast from another configured network: the client was moved there and its address is useless. */
function isElsewhere(requester: Requester, network: Network, isCopy: boolean): boolean {
  return !isCopy && requester.network !== undefined && requester.network !== network;
}

function isReservedFor(requester: Requester, network: Network, address: Ipv4, context: DecisionContext): boolean {
  return context.topology.ownerOf(address) !== undefined && mayHave(requester, network, address, context);
}

/**
 * Grants the address and records it: `renewed` if the client has an active lease on it, else `granted`. Refused if the port is full; a
 * lease of the client on another address then stays, because a limit must not end leases.
 */
function grant(
  requester: Requester,
  network: Network,
  address: Ipv4,
  state: ClientState,
  context: DecisionContext,
  reading?: PortReading,
): Decision {
  const { message, client } = requester;
  const scope = context.topology.scopeOf(address)!;
  const desired = leaseSeconds(message, scope.leases);
  const pair = context.pairs.of(address);
  const seconds = pair?.leaseSeconds(address, client, desired) ?? desired;
  const before = context.leases.get(address);
  const renewed = isActive(before, context.now) && before.client === client.client ? before : undefined;
  const { view, port } = reading ?? readBroadcastPort(requester, renewed?.port ?? null);
  // No spread of `client`: that would take a tenth of the time of a whole exchange
  const lease: Lease = {
    address,
    state: 'active',
    client: client.client,
    htype: client.htype,
    hwaddr: client.hwaddr,
    clientId: client.clientId,
    hostname: hostnameOf(message) ?? renewed?.hostname ?? null,
    start: renewed?.start ?? context.at,
    renewed: context.at,
    end: context.at + seconds * MICROS_PER_SECOND,
    due: context.now + seconds * MICROS_PER_SECOND,
    port,
  };
  if (isPortFull(requester, port, [before, context.leases.ofClient(network, client.client)], context)) {
    return refuse(context, network, 'too many leases on this port', 'port-lease-limit');
  }
  revokeFormer(requester, network, address, context);
  context.leases.withdrawOffer(network, client.client);
  // On a shared address the former lease may be over although the pair has not agreed on that yet
  if (before?.state === 'active' && !renewed && pair?.isOwn(address)) expireLease(context, before);
  context.leases.put(lease);
  pair?.granted(lease, seconds, desired);
  recordLeaseEvent(context, renewed ? 'renewed' : 'granted', lease, view, message, state);
  return reply({ type: 'ack', yiaddr: address, scope, leaseSeconds: seconds });
}

/** A client has one lease in a network. Ends the one on another address. */
function revokeFormer(requester: Requester, network: Network, address: Ipv4, context: DecisionContext): void {
  const other = context.leases.ofClient(network, requester.client.client);
  if (!other || other.address === address) return;
  const lease = currentLease(context, other.address);
  if (isActive(lease, context.now) && lease.client === requester.client.client) revokeLease(context, lease);
}

/** Refuses an address that the client may not have, or no longer. An active lease of the client on it ends. */
function refuseLeased(
  requester: Requester,
  lease: Lease | undefined,
  network: Network,
  context: DecisionContext,
): Decision {
  const decision = refuse(context, network, lease ? 'address not available' : 'no such lease');
  const isOwn = isActive(lease, context.now) && lease.client === requester.client.client;
  if (isOwn && decision.kind === 'reply') revokeLease(context, lease);
  return decision;
}

/** A NAK if the server is authoritative for the network. Else no reply: another server may know the client. */
function refuse(
  context: DecisionContext,
  network: Network,
  reason: string,
  otherwise: DropReason = 'unknown-client',
): Decision {
  return context.topology.isAuthoritative(network) ? nak(reason) : drop(otherwise);
}

function nak(reason: string): Decision {
  return reply({ type: 'nak', yiaddr: 0, reason });
}
