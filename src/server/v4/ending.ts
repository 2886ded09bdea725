import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive, type Lease } from '../leases/lease.js';
import { type Decision, drop, NO_REPLY, reply } from './decision.js';
import { currentLease, type Desk, hostnameOf, recordLeaseEvent } from './ledger.js';
import { isForOther, otherChosen } from './other-server.js';
import { carriedPort, readBroadcastPort, readUnicastPort } from './port-rule.js';
import { addressOption, type Requester } from './requester.js';

/**
 * Ends the client's lease at its own wish (RFC 2131 section 4.3.4). A release is always sent by unicast, so one that comes through a
 * relay is a copy, unless the relay had itself addressed as the server (RFC 5107). It wants no answer, so that a server of a pair takes it in
 * every state: the client tells nobody else that it is gone.
 */
export function release(requester: Requester, desk: Desk): Decision {
  const { message, client } = requester;
  if (isForOther(requester)) return otherChosen(requester, message.ciaddr, desk);
  // The client may have the address again by now, from the partner, and this is a copy of what ended the lease before
  if (desk.direct.hasEither(requester, desk.now)) return drop('release-unknown-lease');
  const pair = desk.pairs.of(message.ciaddr);
  const lease = currentLease(desk, message.ciaddr);
  // The partner may have extended what is over by all that is known here
  const mayHold = pair?.mayGoOn(message.ciaddr) ?? isActive(lease, desk.now);
  if (!lease || !mayHold || lease.client !== client.client) return drop('release-unknown-lease');
  const { view, port } = readUnicastPort(requester, lease.port, message.giaddr !== 0 && !requester.overridden);
  desk.leases.put({ ...lease, state: 'released', end: desk.at, due: desk.now, port });
  pair?.released(lease.address);
  recordLeaseEvent(desk, 'released', lease, view, message, null, desk.at);
  desk.direct.noteEnding(requester, desk.now);
  return NO_REPLY;
}

/**
 * The client found its address in use by somebody else (RFC 2131 section 4.3.3): the address is quarantined. Only the client
 * that holds it can decline it.
 */
export function decline(requester: Requester, desk: Desk): Decision {
  const { message, client, network } = requester;
  const address = addressOption(message, OPTION.requestedAddress);
  if (isForOther(requester)) return otherChosen(requester, address, desk);
  if (address === undefined) return drop('no-requested-address');
  const silence = desk.pairs.of(address)?.silence();
  if (silence) return drop(silence);
  const lease = currentLease(desk, address);
  if (!isActive(lease, desk.now) || lease.client !== client.client) return drop('decline-unknown-lease');
  if (network) desk.leases.withdrawOffer(network, client.client);
  quarantine(requester, lease, desk);
  return NO_REPLY;
}

function quarantine(requester: Requester, lease: Lease, desk: Desk): void {
  const seen = readBroadcastPort(requester, lease.port);
  const { view, port } = seen.view.evidence === 'none' ? keptUnlessMalformed(requester, lease, seen) : seen;
  const rest = desk.config.declineTime;
  desk.leases.put({ ...lease, state: 'declined', end: desk.at + rest, due: desk.now + rest, port });
  desk.pairs.of(lease.address)?.declined(lease.address, rest);
  const named = { ...lease, hostname: hostnameOf(requester.message) ?? lease.hostname };
  recordLeaseEvent(desk, 'declined', named, view, requester.message, null, desk.at);
}

function keptUnlessMalformed(requester: Requester, lease: Lease, seen: ReturnType<typeof carriedPort>) {
  return requester.message.relayAgent.state === 'absent' ? carriedPort(lease.port) : seen;
}

/** Gives a client that has its address from elsewhere the options of its network, and no lease (RFC 2131 section 4.3.5). */
export function inform(requester: Requester, desk: Desk): Decision {
  const { message, datagram } = requester;
  const address = message.ciaddr || (message.giaddr === 0 ? datagram.source : 0);
  if (address === 0) return drop('inform-without-address');
  // The answer goes to giaddr: to no address that is not of a network served here
  if (message.giaddr !== 0 && !requester.network) return drop('no-subnet');
  const scope = desk.topology.scopeOf(address);
  return scope ? reply({ type: 'ack', yiaddr: 0, scope }) : drop('no-subnet');
}
