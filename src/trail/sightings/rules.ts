import type { Micros } from '../../base/time.js';
import { EVIDENCES, type Evidence, isLeaseEvent, type LedgerEvent } from '../../ledger/event/event.js';
import { portIdOf, portOf, switchId } from './identity.js';

export const END_REASONS = ['moved', 'replaced', 'expired', 'released', 'declined', 'revoked'] as const;
export type EndReason = (typeof END_REASONS)[number];

/** One uninterrupted stay of one client with one address on one port. Named by the event that opened it. Immutable. */
export interface Sighting {
  readonly openedQueue: string;
  readonly openedSequence: number;
  readonly ip: string;
  readonly htype: number | null;
  readonly hwaddr: Uint8Array | null;
  readonly clientId: Uint8Array | null;
  /** The latest that was sent within the sighting. */
  readonly hostname: Uint8Array | null;
  /** Null if the events know no port. */
  readonly switchId: Buffer | null;
  readonly portId: Buffer | null;
  readonly firstSeen: Micros;
  readonly lastSeen: Micros;
  readonly leaseUntil: Micros;
  /** Null while it is open. */
  readonly endedAt: Micros | null;
  readonly endReason: EndReason | null;
  /** The strongest of its events for this port. */
  readonly evidence: Evidence;
  /** The server of the opening event. */
  readonly server: string;
  /** How many events opened, extended or ended it. */
  readonly events: number;
}

/** The fields of an event that the rules use. */
export type Observation = Pick<
  LedgerEvent,
  | 'queue'
  | 'sequence'
  | 'at'
  | 'kind'
  | 'server'
  | 'address'
  | 'htype'
  | 'hwaddr'
  | 'clientId'
  | 'hostname'
  | 'giaddr'
  | 'circuitId'
  | 'remoteId'
  | 'relayId'
  | 'evidence'
  | 'leaseEnd'
>;

/** The order of the events of an address: time, then queue, then sequence. */
export interface EventKey {
  readonly at: Micros;
  readonly queue: string;
  readonly sequence: number;
}

/** What one event does to the timeline of its address. */
export interface Step {
  /** The sighting that this event ended. */
  readonly ended: Sighting | null;
  /** The sighting that is open after it. */
  readonly open: Sighting | null;
  /** True if it opened that sighting. */
  readonly opened: boolean;
}

/** Compares for sort: negative, zero or positive. */
export function compareKeys(a: EventKey, b: EventKey): number {
  return a.at - b.at || compareText(a.queue, b.queue) || a.sequence - b.sequence;
}

/** The position of a sighting in the order of events: its opening event. */
export function openingKey(sighting: Sighting): EventKey {
  return { at: sighting.firstSeen, queue: sighting.openedQueue, sequence: sighting.openedSequence };
}

/**
 * The next state of an address. `open` is the sighting left open by the events before this one (in the order of
 * {@link compareKeys}). Events of the server itself, or without an address, change nothing.
 */
export function observe(open: Sighting | null, event: Observation): Step {
  if (!isLeaseEvent(event.kind) || event.address === null) return { ended: null, open, opened: false };
  if (open === null || event.at < open.leaseUntil) return observeWithin(open, event);
  const own = event.kind === 'expired' && isClientOf(open, event);
  const ended = end(own ? absorb(open, event) : open, open.leaseUntil, 'expired');
  return { ...observeWithin(null, event), ended };
}

/** All sightings of a set of events, given in any order, sorted by their opening events. */
export function fold(events: Iterable<Observation>): Sighting[] {
  const open = new Map<string, Sighting>();
  const sightings: Sighting[] = [];
  for (const event of [...events].sort(compareKeys)) {
    if (event.address === null) continue;
    const step = observe(open.get(event.address) ?? null, event);
    if (step.ended) sightings.push(step.ended);
    if (step.open) open.set(event.address, step.open);
    else open.delete(event.address);
  }
  sightings.push(...open.values());
  return sightings.sort((a, b) => compareKeys(openingKey(a), openingKey(b)));
}

/** An event whose time lies within the lease of the open sighting, if there is one. */
function observeWithin(open: Sighting | null, event: Observation): Step {
  switch (event.kind) {
    case 'granted':
    case 'renewed':
      return observeLease(open, event);
    case 'released':
    case 'declined':
    case 'revoked': {
      if (open === null || !isClientOf(open, event)) return { ended: null, open, opened: false };
      return { ended: end(absorb(open, event), event.at, event.kind), open: null, opened: false };
    }
    default:
      // An expiry before the end of the lease was overtaken by a renewal at another server.
      return { ended: null, open, opened: false };
  }
}

function observeLease(open: Sighting | null, event: Observation): Step {
  if (open === null) return { ended: null, open: openedBy(event), opened: true };
  const sameClient = isClientOf(open, event);
  if (sameClient && (event.evidence === 'none' || isAtPortOf(open, event))) {
    return { ended: null, open: absorb(open, event, leaseUntil(event)), opened: false };
  }
  return { ended: end(open, event.at, sameClient ? 'moved' : 'replaced'), open: openedBy(event), opened: true };
}

function openedBy(event: Observation): Sighting {
  const port = portOf(event);
  return {
    openedQueue: event.queue,
    openedSequence: event.sequence,
    ip: event.address!,
    htype: event.htype,
    hwaddr: ownBytes(event.hwaddr),
    clientId: ownBytes(event.clientId),
    hostname: ownBytes(event.hostname),
    switchId: port && switchId(port.switch),
    portId: portIdOf(event),
    firstSeen: event.at,
    lastSeen: event.at,
    leaseUntil: leaseUntil(event),
    endedAt: null,
    endReason: null,
    evidence: event.evidence,
    server: event.server,
    events: 1,
  };
}

/** The sighting with one more event of its client. Only a message of the client shows that it was there (lastSeen). */
function absorb(sighting: Sighting, event: Observation, until: Micros = sighting.leaseUntil): Sighting {
  const seen = event.kind !== 'expired' && event.kind !== 'revoked';
  return {
    ...sighting,
    hostname:
      event.hostname === null || sameBytes(event.hostname, sighting.hostname)
        ? sighting.hostname
        : ownBytes(event.hostname),
    lastSeen: seen ? event.at : sighting.lastSeen,
    leaseUntil: until,
    evidence: isAtPortOf(sighting, event) ? stronger(sighting.evidence, event.evidence) : sighting.evidence,
    events: sighting.events + 1,
  };
}

/** Copies bytes: a long-lived sighting must not keep the page of its event in memory. */
function ownBytes(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && Buffer.from(bytes);
}

function end(sighting: Sighting, endedAt: Micros, endReason: EndReason): Sighting {
  return { ...sighting, endedAt, endReason };
}

/** Until when a grant or renewal lasts: never less than to the event itself. */
export function leaseUntil(event: Observation): Micros {
  return Math.max(event.leaseEnd ?? event.at, event.at);
}

/** True if the event is of the sighting's client. */
export function isClientOf(sighting: Sighting, event: Pick<Observation, 'htype' | 'hwaddr' | 'clientId'>): boolean {
  return (
    sighting.htype === event.htype &&
    sameBytes(sighting.hwaddr, event.hwaddr) &&
    sameBytes(sighting.clientId, event.clientId)
  );
}

function isAtPortOf(sighting: Sighting, event: Observation): boolean {
  return sameBytes(sighting.portId, portIdOf(event));
}

/** The stronger of two evidences. */
export function stronger(a: Evidence, b: Evidence): Evidence {
  return EVIDENCES.indexOf(a) <= EVIDENCES.indexOf(b) ? a : b;
}

/** True if both are absent or the same bytes. */
export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

/** Negative, zero or positive, by UTF-16 units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
