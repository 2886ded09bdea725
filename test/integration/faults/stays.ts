import type { Acknowledged } from './persistent-relay.js';

/** A stay of a client at a port as it must be in the trail; each time lies in its range, microseconds since the epoch. */
export interface Stay {
  readonly mac: string;
  readonly circuitId: string;
  readonly opened: Range;
  lastSeen: Range;
  /** When the client moved on, null if it did not. */
  ended: Range | null;
}

export type Range = readonly [from: number, to: number];

/**
 * What sightings the packets call for, worked out from them alone: per address, a stay begins where a client is first
 * acknowledged at a port, and ends where it is acknowledged at another. No address changes its client here.
 */
export function staysOf(seen: readonly Acknowledged[]): Map<string, Stay[]> {
  const stays = new Map<string, Stay[]>();
  for (const { mac, circuitId, address, asked, acknowledged } of seen) {
    const range: Range = [asked, acknowledged];
    const own = stays.get(address) ?? [];
    stays.set(address, own);
    const last = own.at(-1);
    if (last?.mac === mac && last.circuitId === circuitId) last.lastSeen = range;
    else {
      if (last) last.ended = range;
      own.push({ mac, circuitId, opened: range, lastSeen: range, ended: null });
    }
  }
  return stays;
}
