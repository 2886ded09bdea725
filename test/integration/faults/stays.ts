import type { Heard } from './persistent-relay.js';

/** From and to, microseconds since the epoch: a moment that is not known better lies between them. */
export type Range = readonly [from: number, to: number];

/** How a stay ended, and when. */
export interface End {
  readonly reason: 'moved' | 'released' | 'declined' | 'expired';
  readonly at: Range;
}

/** A stay of a client with an address at a port as it must be in the trail. */
export interface Stay {
  readonly mac: string;
  readonly circuitId: string;
  readonly opened: Range;
  lastSeen: Range;
  /** Until when the lease holds that it was last told of. */
  lease: Range;
  /** Null if it was not seen to end: then it ends with its lease. */
  end: End | null;
}

/** Stays of each address in the order in which they began. */
export interface Expected {
  readonly stays: ReadonlyMap<string, readonly Stay[]>;
  /** Addresses left out, since an answer took so long that it may have come before or after the end of a lease. */
  readonly unclear: ReadonlySet<string>;
}

/**
 * What sightings the packets call for, worked out from them and the time that leases last (microseconds) alone. Each client has a
 * timeline of its own for each of its addresses; then an address has the stays of all its clients, one after the other.
 */
export function staysOf(heard: readonly Heard[], leaseTime: number): Expected {
  const timelines = new Map<string, Heard[]>();
  for (const one of heard) {
    const name = `${one.address} ${one.mac}`;
    timelines.set(name, [...(timelines.get(name) ?? []), one]);
  }
  const stays = new Map<string, Stay[]>();
  const unclear = new Set<string>();
  for (const [name, timeline] of timelines) {
    const address = name.split(' ')[0]!;
    const own = follow(timeline, leaseTime);
    if (own === null) unclear.add(address);
    else stays.set(address, [...(stays.get(address) ?? []), ...own]);
  }
  for (const address of unclear) stays.delete(address);
  for (const own of stays.values()) own.sort((a, b) => a.opened[1] - b.opened[1]);
  return { stays, unclear };
}

/** One client with one address; null if it is not clear whether a lease had ended. */
function follow(timeline: readonly Heard[], leaseTime: number): Stay[] | null {
  const stays: Stay[] = [];
  for (const { what, mac, circuitId, asked, answered } of timeline) {
    const range: Range = [asked, answered];
    const lease: Range = [asked + leaseTime, answered + leaseTime];
    const last = stays.at(-1);
    const open = last && last.end === null ? last : undefined;
    if (open && asked <= open.lease[1] && answered >= open.lease[0]) return null;
    const isOver = open !== undefined && asked > open.lease[1];
    if (isOver) open.end = { reason: 'expired', at: open.lease };
    if (what !== 'acknowledged') {
      if (open && !isOver) Object.assign(open, { lastSeen: range, end: { reason: what, at: range } });
    } else if (open && !isOver && open.circuitId === circuitId) Object.assign(open, { lastSeen: range, lease });
    else {
      if (open && !isOver) open.end = { reason: 'moved', at: range };
      stays.push({ mac, circuitId, opened: range, lastSeen: range, lease, end: null });
    }
  }
  return stays;
}
