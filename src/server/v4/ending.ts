import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { isActive, type Lease } from '../leases/lease.js';
import { hostnameOf } from './client-text.js';
import type { DecisionContext } from './context.js';
import { type Decision, drop, NO_REPLY, reply } from './decision.js';
import { currentLease, recordLeaseEvent } from './lease-events.js';
import { dropForOther, isForOther } from './other-server.js';
import { carriedPort, readBroadcastPort, readUnicastPort } from './port-rule.js';
import { addressOption, type Requester } from './requester.js';

/**
 * RELEASE: the client gives its lease back (RFC 2131 section 4.3.4). Clients send it by unicast, so one from a relay is a copy, unless
 * the relay overrides the server identifier (RFC 5107). A server of a pair takes it in every state: the client sends it to nobody else.
 */
export function release(requester: Requester, context: DecisionContext): Decision {
  const { message, client } = requester;
  if (isForOther(requester)) return dropForOther(requester, message.ciaddr, context);
  // A copy: the partner may have leased the address to this client again since the original
  if (context.direct.sawCopyOf(requester, context.now)) return drop('release-unknown-lease');
  const pair = context.pairs.of(message.ciaddr);
  const lease = currentLease(context, message.ciaddr);
  // The partner may have extended a lease that is over as far as this server knows
  const mayBeActive = pair?.mayGoOn(message.ciaddr) ?? isActive(lease, context.now);
  if (!lease || !mayBeActive || lease.client !== client.client) return drop('release-unknown-lease');
  const { view, port } = readUnicastPort(requester, lease.port, message.giaddr !== 0 && !requester.overridden);
  context.leases.put({ ...lease, state: 'released', end: context.at, due: context.now, port });
  pair?.released(lease.address);
  recordLeaseEvent(context, 'released', lease, view, message, null, context.at);
  context.direct.noteRelease(requester, context.now);
  return NO_REPLY;
}

/**
 * DECLINE: the client found its address in use (RFC 2131 section 4.3.3). The address is quarantined for `declineTime`. Only the client
 * that has the lease can decline it.
 */
export function decline(requester: Requester, context: DecisionContext): Decision {
  const { message, client, network } = requester;
  const address = addressOption(message, OPTION.requestedAddress);
  if (isForOther(requester)) return dropForOther(requester, address, context);
  if (address === undefined) return drop('no-requested-address');
  const silence = context.pairs.of(address)?.silence();
  if (silence) return drop(silence);
  const lease = currentLease(context, address);
  if (!isActive(lease, context.now) || lease.client !== client.client) return drop('decline-unknown-lease');
  if (network) context.leases.withdrawOffer(network, client.client);
  quarantine(requester, lease, context);
  return NO_REPLY;
}

function quarantine(requester: Requester, lease: Lease, context: DecisionContext): void {
  const seen = readBroadcastPort(requester, lease.port);
  const { view, port } = seen.view.evidence === 'none' ? carriedUnlessMalformed(requester, lease, seen) : seen;
  const { declineTime } = context.settings;
  context.leases.put({
    ...lease,
    state: 'declined',
    end: context.at + declineTime,
    due: context.now + declineTime,
    port,
  });
  context.pairs.of(lease.address)?.declined(lease.address, declineTime);
  const named = { ...lease, hostname: hostnameOf(requester.message) ?? lease.hostname };
  recordLeaseEvent(context, 'declined', named, view, requester.message, null, context.at);
}

function carriedUnlessMalformed(requester: Requester, lease: Lease, seen: ReturnType<typeof carriedPort>) {
  return requester.message.relayAgent.state === 'absent' ? carriedPort(lease.port) : seen;
}

/** INFORM: a client whose address comes from elsewhere gets the options of its network, and no lease (RFC 2131 section 4.3.5). */
export function inform(requester: Requester, context: DecisionContext): Decision {
  const { message, datagram } = requester;
  const address = message.ciaddr || (message.giaddr === 0 ? datagram.source : 0);
  if (address === 0) return drop('inform-without-address');
  // The reply goes to giaddr, so that must be in a configured network
  if (message.giaddr !== 0 && !requester.network) return drop('no-subnet');
  const scope = context.topology.scopeOf(address);
  return scope ? reply({ type: 'ack', yiaddr: 0, scope }) : drop('no-subnet');
}
