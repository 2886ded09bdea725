import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { ClientState } from '../../ledger/event/event.js';
import { RELAY_AGENT_SUBOPTIONS, suboption } from '../../protocol/relay-agent/relay-agent.js';
import { isActive, type Lease, type PortObservation } from '../leases/lease.js';
import { rebindingSeconds } from './lease-time.js';
import { identityOf, isSamePort, observedPort, type PortView, showsPort, viewOf, viewOfNone } from './port-view.js';
import type { Requester } from './requester.js';
import type { Topology } from './topology.js';

/** A relay's copy of a unicast packet follows the packet at once; this is generous. */
const COPY_WINDOW: Micros = 3 * MICROS_PER_SECOND;
/** A client counts T2 from when it sent its request, and in whole seconds. */
const MAX_REBIND_SLACK: Micros = 2 * MICROS_PER_SECOND;
/** RFC 5010: set if the relay received the client's packet by unicast. */
const FLAG_UNICAST = 0x80;

/** When a packet was worked off, and its Option 82 ('' where it had none). */
interface Direct {
  readonly at: Micros;
  readonly option82: string;
}

/** Remembers which unicast requests came in directly, and which releases, so that a relay's copies of them can be told from others. */
export class DirectRequests {
  #recent = new Map<string, Direct>();
  #older = new Map<string, Direct>();
  #turned: Micros = 0;
  /** Of endings that are not stored yet. */
  #unstored: string[] = [];

  note(requester: Requester, now: Micros): void {
    if (now - this.#turned > COPY_WINDOW) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#turned = now;
    }
    this.#recent.set(keyOf(requester), { at: now, option82: observedPort(requester.message).option82 });
  }

  /** As {@link note}, for what ends a lease; it is forgotten if that cannot be stored. */
  noteEnding(requester: Requester, now: Micros): void {
    this.note(requester, now);
    this.#unstored.push(keyOf(requester));
  }

  /** What was noted is stored. */
  keep(): void {
    if (this.#unstored.length > 0) this.#unstored = [];
  }

  /** What ended leases since the last {@link keep} ended none. */
  undo(): void {
    for (const key of this.#unstored) for (const known of [this.#recent, this.#older]) known.delete(key);
    this.#unstored = [];
  }

  /**
   * True if this very request came in directly a moment ago: transaction and seconds are the same, and what a switch on the way had put into it is
   * still there, at most with more behind it. Clients use a transaction id again, and a server that could not run takes in late what came long before.
   */
  has(requester: Requester, now: Micros): boolean {
    const direct = this.#find(requester, now);
    return direct !== undefined && observedPort(requester.message).option82.startsWith(direct.option82);
  }

  /** True if this very packet was noted a moment ago, whichever way it and its copy came, and in whichever order. */
  hasEither(requester: Requester, now: Micros): boolean {
    return this.#find(requester, now) !== undefined;
  }

  #find(requester: Requester, now: Micros): Direct | undefined {
    const key = keyOf(requester);
    const direct = this.#recent.get(key) ?? this.#older.get(key);
    return direct && now - direct.at <= COPY_WINDOW ? direct : undefined;
  }
}

function keyOf({ type, client, message }: Requester): string {
  return `${type}:${message.xid}:${message.secs}:${message.ciaddr}:${client.client}`;
}

/** What a request with ciaddr says about the client's state and port. */
export interface RenewalReading {
  state: Extract<ClientState, 'RENEWING' | 'REBINDING'>;
  /** True if a relay picked a passing unicast packet off the wire and forwarded a copy of it. */
  isCopy: boolean;
}

/**
 * Tells RENEWING (unicast, passes no relay) from REBINDING (broadcast, RFC 2131 section 4.4.5). The packet itself does not say: a
 * router that runs a relay also forwards copies of unicast requests which it only routes, with its own giaddr and
 * Option 82, and then neither relay nor port are the client's. The signs of a copy, from the surest: the relay says how the packet came (RFC 5010);
 * the original came in just before; and, before T2 (after it clients only broadcast), the relay is on another network than the
 * lease, or its Option 82 names no switch where the lease's own does.
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
  const isCopy = direct.has(requester, now) || (beforeT2 && looksForeign(requester, lease, topology));
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

function looksForeign(requester: Requester, lease: Lease | undefined, topology: Topology): boolean {
  const { message, network } = requester;
  if (network !== topology.networkOf(message.ciaddr)) return true;
  if (!lease?.port || !showsPort(message.relayAgent)) return false;
  return identityOf(observedPort(message)).switch.kind < identityOf(lease.port).switch.kind;
}

/** The port fields of an event, and the port that the lease keeps. */
export interface PortReading {
  view: PortView;
  port: PortObservation | null;
}

/** Port of a client that broadcasts: what this packet shows, or nothing. `kept` is what the lease knew before. */
export function readBroadcastPort(requester: Requester, kept: PortObservation | null): PortReading {
  const { message } = requester;
  if (!showsPort(message.relayAgent)) return { view: viewOfNone(message), port: kept };
  const port = observedPort(message);
  return { view: viewOf(port, 'observed'), port };
}

/**
 * Port of a client that sends unicast (renewal, release): what a snooping switch or an overriding relay put into this very packet, else
 * the port last observed for the lease. A malformed Option 82 is neither: the event then claims no port.
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

/** The port last observed for the lease. */
export function carriedPort(kept: PortObservation | null): PortReading {
  return kept ? { view: viewOf(kept, 'carried'), port: kept } : { view: viewOfNone(null), port: null };
}
