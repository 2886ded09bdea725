import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { ClientState } from '../../ledger/event/event.js';
import { RELAY_AGENT_SUBOPTIONS, suboption } from '../../protocol/relay-agent/relay-agent.js';
import { isActive, type Lease, type PortObservation } from '../leases/lease.js';
import type { DirectRequests } from './direct-requests.js';
import { rebindingSeconds } from './lease-time.js';
import { identityOf, isSamePort, observedPort, type PortView, showsPort, viewOf, viewOfNone } from './port-view.js';
import type { Requester } from './requester.js';
import type { Topology } from './topology.js';

/** A client counts T2 from the time of its request, in whole seconds. */
const MAX_REBIND_SLACK: Micros = 2 * MICROS_PER_SECOND;
/** Set if the relay received the client's packet by unicast (RFC 5010). */
const FLAG_UNICAST = 0x80;

/** The client's state in a request with ciaddr, and whether the packet is the original. */
export interface RenewalReading {
  state: Extract<ClientState, 'RENEWING' | 'REBINDING'>;
  /** True if a relay forwarded a copy of a unicast packet that only passed through it. */
  isCopy: boolean;
}

/**
 * Distinguishes RENEWING (unicast, passes no relay) from REBINDING (broadcast, RFC 2131 section 4.4.5). A relayed packet need not be a
 * broadcast: a router that runs a relay may forward copies of unicast requests that it only routes. Their giaddr and Option 82 are the
 * router's, not those of the client's port. Signs of a copy, most reliable first:
 * - the relay says how it received the packet (RFC 5010);
 * - the original arrived just before;
 * - before T2, when clients do not broadcast: the relay is in another network than the lease, or its Option 82 names no switch although
 *   the lease's does.
 */
export function readRenewal(
  requester: Requester,
  lease: Lease | undefined,
  direct: DirectRequests,
  topology: Topology,
  now: Micros,
): RenewalReading {
  const { message, datagram } = requester;
  if (message.giaddr === 0) return { state: datagram.viaBroadcast ? 'REBINDING' : 'RENEWING', isCopy: false };
  const beforeT2 = isBeforeT2(lease, topology, now);
  if (requester.overridden) return { state: beforeT2 ? 'RENEWING' : 'REBINDING', isCopy: false };
  const flags = suboption(message.relayAgent, RELAY_AGENT_SUBOPTIONS.flags.code)?.[0];
  if (flags !== undefined) {
    const unicast = (flags & FLAG_UNICAST) !== 0;
    return { state: unicast ? 'RENEWING' : 'REBINDING', isCopy: unicast };
  }
  const isCopy = direct.sawOriginalOf(requester, now) || (beforeT2 && isFromOtherRelay(requester, lease, topology));
  return { state: isCopy ? 'RENEWING' : 'REBINDING', isCopy };
}

function isBeforeT2(lease: Lease | undefined, topology: Topology, now: Micros): boolean {
  if (!lease || !isActive(lease, now)) return false;
  const term = lease.end - lease.renewed;
  const times = topology.scopeOf(lease.address)?.leases;
  const seconds = Math.round(term / MICROS_PER_SECOND);
  const rebinding = times ? rebindingSeconds(seconds, times) * MICROS_PER_SECOND : term;
  return now < lease.due - term + rebinding - Math.min(MAX_REBIND_SLACK, term / 16);
}

function isFromOtherRelay(requester: Requester, lease: Lease | undefined, topology: Topology): boolean {
  const { message, network } = requester;
  if (network !== topology.networkOf(message.ciaddr)) return true;
  if (!lease?.port || !showsPort(message.relayAgent)) return false;
  return identityOf(observedPort(message)).switch.kind < identityOf(lease.port).switch.kind;
}

/** The port fields of an event, and the port to store with the lease. */
export interface PortReading {
  view: PortView;
  port: PortObservation | null;
}

/**
 * Port of a client that broadcasts: what this packet shows, else none.
 * @param kept the port stored with the lease; stays if the packet shows none
 */
export function readBroadcastPort(requester: Requester, kept: PortObservation | null): PortReading {
  const { message } = requester;
  if (!showsPort(message.relayAgent)) return { view: viewOfNone(message), port: kept };
  const port = observedPort(message);
  return { view: viewOf(port, 'observed'), port };
}

/**
 * Port of a client that sends unicast (renewal, release): what a snooping switch or an overriding relay put into this packet, else the
 * port last observed for the lease. With a malformed Option 82 the event claims no port.
 * @param kept the port stored with the lease
 */
export function readUnicastPort(requester: Requester, kept: PortObservation | null, isCopy: boolean): PortReading {
  const { relayAgent } = requester.message;
  if (relayAgent.state === 'malformed') return { view: viewOfNone(requester.message), port: kept };
  if (showsPort(relayAgent)) {
    const port = observedPort(requester.message);
    if (!isCopy || (kept && isSamePort(port, kept))) return { view: viewOf(port, 'observed'), port };
  }
  return carriedPort(kept);
}

/** The port last observed for the lease, as evidence `carried`; `none` if there is none. */
export function carriedPort(kept: PortObservation | null): PortReading {
  return kept ? { view: viewOf(kept, 'carried'), port: kept } : { view: viewOfNone(null), port: null };
}
