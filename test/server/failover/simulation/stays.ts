import type { EndReason } from '../../../../src/trail/sightings/rules.js';

/** Something that a server took up from a client, or took back from it: what an observer beside the server could note. */
export interface Fact {
  readonly kind: 'acknowledged' | 'released' | 'declined' | 'revoked';
  /** By the server's clock. */
  readonly at: number;
  readonly queue: string;
  readonly address: string;
  readonly mac: string;
  /** Where the client was plugged in when it asked; null if the server cannot know. */
  readonly port: string | null;
  /** The end that the client was given; `at` if the stay is over. */
  readonly until: number;
}

/** A stay of a client with an address at a port, as it has to be in the trail. */
export interface Stay {
  readonly address: string;
  readonly mac: string;
  readonly port: string | null;
  readonly firstSeen: number;
  lastSeen: number;
  until: number;
  endedAt: number;
  reason: EndReason;
}

/** The stays that the facts of both servers make, worked out without the events of either. */
export function staysOf(facts: readonly Fact[]): Stay[] {
  const last = new Map<string, Stay>();
  const stays: Stay[] = [];
  const ordered = facts.map((fact, order) => ({ fact, order }));
  ordered.sort((a, b) => a.fact.at - b.fact.at || compare(a.fact.queue, b.fact.queue) || a.order - b.order);
  for (const { fact } of ordered) {
    const next = goOn(last.get(fact.address), fact);
    if (next && next !== last.get(fact.address)) stays.push(next);
    if (next) last.set(fact.address, next);
  }
  return stays;
}

/** The stay after the fact: the same one, which it may have extended or ended, or the one that it began. */
function goOn(stay: Stay | undefined, fact: Fact): Stay | undefined {
  const { kind, at, until, mac, port, address } = fact;
  const open = stay && at < stay.endedAt ? stay : undefined;
  const isSame = open?.mac === mac;
  if (kind !== 'acknowledged') {
    if (!open || !isSame) return stay;
    if (kind !== 'revoked') open.lastSeen = at;
    return Object.assign(open, { endedAt: at, reason: kind });
  }
  if (open && isSame && (port === null || open.port === port))
    return Object.assign(open, { lastSeen: at, until, endedAt: until });
  if (open) Object.assign(open, { endedAt: at, reason: isSame ? 'moved' : 'replaced' });
  return { address, mac, port, firstSeen: at, lastSeen: at, until, endedAt: until, reason: 'expired' };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
