import { MICROS_PER_SECOND } from '../../base/time.js';
import type { ClientState } from '../../ledger/event/event.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive, type Lease } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DropReason } from '../pipeline/counters.js';
import { type Decision, drop, reply } from './decision.js';
import { mayHave } from './discover.js';
import { leaseSeconds } from './lease-time.js';
import { currentLease, type Desk, expireLease, hostnameOf, recordLeaseEvent, revokeLease } from './ledger.js';
import { otherChosen } from './other-server.js';
import { isPortFull } from './port-limit.js';
import { type PortReading, readBroadcastPort, readRenewal, readUnicastPort } from './port-rule.js';
import { addressOption, type Requester } from './requester.js';

/** Answers a REQUEST in any of its four states (RFC 2131 section 4.3.2). */
export function request(requester: Requester, desk: Desk): Decision {
  const { message } = requester;
  const requested = addressOption(message, OPTION.requestedAddress);
  if (message.options.has(OPTION.serverIdentifier)) return selecting(requester, requested ?? message.ciaddr, desk);
  if (message.ciaddr !== 0) return renewing(requester, desk);
  return requested === undefined ? drop('no-requested-address') : initReboot(requester, requested, desk);
}

/** The client answers an offer, of this server or of another. */
function selecting(requester: Requester, address: Ipv4, desk: Desk): Decision {
  const { network, client, message, serverId } = requester;
  if (!network) return drop('no-subnet');
  if (addressOption(message, OPTION.serverIdentifier) !== serverId) {
    desk.leases.withdrawOffer(network, client.client);
    return otherChosen(requester, address, desk);
  }
  if (address === 0) return drop('no-requested-address');
  const leaves = desk.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  if (mayHave(requester, network, address, desk)) return grant(requester, network, address, 'SELECTING', desk);
  // With an overridden identifier the client may mean any server behind that relay; only its own offer is this server's to refuse
  if (requester.overridden && desk.leases.offeredTo(network, client.client) === undefined)
    return drop('unknown-client');
  return nak('address not available');
}

/** The client comes back and asks whether its address is still right. */
function initReboot(requester: Requester, address: Ipv4, desk: Desk): Decision {
  const { network, client } = requester;
  if (!network) return drop('no-subnet');
  if (desk.topology.networkOf(address) !== network) return refuse(desk, network, 'wrong network');
  const leaves = desk.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  const lease = currentLease(desk, address);
  if (lease?.client === client.client && mayHave(requester, network, address, desk)) {
    return grant(requester, network, address, 'INIT-REBOOT', desk);
  }
  if (isReservedFor(requester, network, address, desk)) return grant(requester, network, address, 'INIT-REBOOT', desk);
  return refuseHeld(requester, lease, network, desk);
}

/** The client extends its lease: by unicast (RENEWING), by broadcast (REBINDING), or a relay forwards a copy of the former. */
function renewing(requester: Requester, desk: Desk): Decision {
  const { message, client } = requester;
  const address = message.ciaddr;
  const network = desk.topology.networkOf(address);
  const lease = currentLease(desk, address);
  const own = lease?.client === client.client ? lease : undefined;
  const { state, isCopy } = readRenewal(requester, own, desk.direct, desk.topology, desk.now);
  if (message.giaddr === 0 && !requester.datagram.viaBroadcast) desk.direct.note(requester, desk.now);
  if (!network)
    return requester.network && !isCopy ? refuse(desk, requester.network, 'wrong network') : drop('no-subnet');
  if (requester.network === undefined && !isCopy) return drop('no-subnet');
  if (isElsewhere(requester, network, isCopy)) return refuse(desk, network, 'wrong network');
  const leaves = desk.pairs.of(address)?.leavesRequest(address, client);
  if (leaves) return drop(leaves);
  if (own && mayHave(requester, network, address, desk)) {
    const read = state === 'RENEWING' ? readUnicastPort(requester, own.port, isCopy) : undefined;
    return grant(requester, network, address, state, desk, read);
  }
  return refuseHeld(requester, lease, network, desk);
}

/** A broadcast that comes from another configured network: the client was moved there and its address is of no use. */
function isElsewhere(requester: Requester, network: Network, isCopy: boolean): boolean {
  return !isCopy && requester.network !== undefined && requester.network !== network;
}

function isReservedFor(requester: Requester, network: Network, address: Ipv4, desk: Desk): boolean {
  return desk.topology.ownerOf(address) !== undefined && mayHave(requester, network, address, desk);
}

/**
 * Commits the lease and its event: `renewed` if the client held the address, else `granted`. On a port that is full it is refused; the
 * lease that the client may have elsewhere goes on then, for a limit must not be a way to end it.
 */
function grant(
  requester: Requester,
  network: Network,
  address: Ipv4,
  state: ClientState,
  desk: Desk,
  reading?: PortReading,
): Decision {
  const { message, client } = requester;
  const scope = desk.topology.scopeOf(address)!;
  const desired = leaseSeconds(message, scope.leases);
  const pair = desk.pairs.of(address);
  const seconds = pair?.leaseSeconds(address, client, desired) ?? desired;
  const before = desk.leases.get(address);
  const held = isActive(before, desk.now) && before.client === client.client ? before : undefined;
  const { view, port } = reading ?? readBroadcastPort(requester, held?.port ?? null);
  // Each by its name: to spread the client and add the rest one by one takes a tenth of all the time of an exchange
  const lease: Lease = {
    address,
    state: 'active',
    client: client.client,
    htype: client.htype,
    hwaddr: client.hwaddr,
    clientId: client.clientId,
    hostname: hostnameOf(message) ?? held?.hostname ?? null,
    start: held?.start ?? desk.at,
    renewed: desk.at,
    end: desk.at + seconds * MICROS_PER_SECOND,
    due: desk.now + seconds * MICROS_PER_SECOND,
    port,
  };
  if (isPortFull(requester, port, [before, desk.leases.ofClient(network, client.client)], desk)) {
    return refuse(desk, network, 'too many leases on this port', 'port-lease-limit');
  }
  revokeOther(requester, network, address, desk);
  desk.leases.withdrawOffer(network, client.client);
  // Of a shared address the pair may not have said yet that the former lease is over
  if (before?.state === 'active' && !held && pair?.isOwn(address)) expireLease(desk, before);
  desk.leases.put(lease);
  pair?.granted(lease, seconds, desired);
  recordLeaseEvent(desk, held ? 'renewed' : 'granted', lease, view, message, state);
  return reply({ type: 'ack', yiaddr: address, scope, leaseSeconds: seconds });
}

/** A client has one lease in a network: the one it had on another address ends when it takes this one. */
function revokeOther(requester: Requester, network: Network, address: Ipv4, desk: Desk): void {
  const other = desk.leases.ofClient(network, requester.client.client);
  if (!other || other.address === address) return;
  const lease = currentLease(desk, other.address);
  if (isActive(lease, desk.now) && lease.client === requester.client.client) revokeLease(desk, lease);
}

/** Refuses an address that the client may not have (any more); its own lease on it, if any, ends by that. */
function refuseHeld(requester: Requester, lease: Lease | undefined, network: Network, desk: Desk): Decision {
  const answer = refuse(desk, network, lease ? 'address not available' : 'no such lease');
  const isOwn = isActive(lease, desk.now) && lease.client === requester.client.client;
  if (isOwn && answer.kind === 'reply') revokeLease(desk, lease);
  return answer;
}

/** A NAK where the server speaks for the network, else silence: another server may know better. */
function refuse(desk: Desk, network: Network, reason: string, silence: DropReason = 'unknown-client'): Decision {
  return desk.topology.isAuthoritative(network) ? nak(reason) : drop(silence);
}

function nak(reason: string): Decision {
  return reply({ type: 'nak', yiaddr: 0, reason });
}
