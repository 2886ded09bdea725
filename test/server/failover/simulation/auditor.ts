import { isLeaseEvent } from '../../../../src/ledger/event/event.js';
import { portIdOf } from '../../../../src/trail/sightings/identity.js';
import { fold, type Sighting } from '../../../../src/trail/sightings/rules.js';
import type { Time } from './agenda.js';
import { EPOCH, type Recorded, type Server } from './server.js';
import { type Fact, type Stay, staysOf } from './stays.js';

const SECOND = 1_000_000;
const NOWHERE = 'nowhere';
/** Of the clocks' difference, as the servers know it. */
const DOUBT: Time = 5 * SECOND;

/** The last acknowledgement of one server: until when, and when by its own clock, and by the true one. */
interface Part {
  readonly end: number;
  readonly at: number;
  readonly told: Time;
}

/** A lease of one client on one address, from its first acknowledgement to its end, over both servers. */
interface Term {
  /** Of each server that extended it and has not recorded its end. */
  readonly parts: Map<Server, Part>;
  /** The server that extended it last. */
  last: Server;
  /** True if the other server has recorded the end, and knew that this one gave the same. */
  isOver: boolean;
  /** True if the other server has recorded an end as late without knowing this one's: this server may record its own, and need not. */
  mayBeOver: boolean;
}

/** A lease that one server has ended; the other may do so as well before it can know. */
interface Ended {
  readonly at: Time;
  readonly by: Server;
  readonly parts: ReadonlyMap<Server, Part>;
}

export interface AuditFindings {
  /** Ends that a server recorded while it could not know that the lease had gone on, or ended, at its partner. */
  readonly unknowing: number;
  /** Leases whose end nobody recorded, for the server that was to do it lost its disk. */
  readonly lost: number;
}

/**
 * Compares the events of both servers with what they sent to clients. `atRest` are the moments, ascending, at which the two had agreed on
 * everything: what was committed before is known to both.
 */
export class Auditor {
  readonly #servers: readonly Server[];
  readonly #atRest: readonly Time[];
  readonly #fail: (text: string) => never;
  readonly #terms = new Map<string, Term>();
  readonly #ended = new Map<string, Ended>();
  /** What each server acknowledged last, until it records an end. */
  readonly #told = new Map<string, Part>();
  #unknowing = 0;
  #lost = 0;

  constructor(servers: readonly Server[], atRest: readonly Time[], fail: (text: string) => never) {
    this.#servers = servers;
    this.#atRest = atRest;
    this.#fail = fail;
  }

  /** To be called when the last lease has run out. */
  check(): AuditFindings {
    this.#checkAnswers();
    this.#checkStays();
    const all = this.#servers.flatMap((server) => server.stream.map((event) => ({ event, server })));
    all.sort((a, b) => a.event.committed - b.event.committed);
    for (const { event, server } of all) this.#follow(event, server);
    for (const [name, term] of this.#terms) this.#leftOpen(name, term);
    return { unknowing: this.#unknowing, lost: this.#lost };
  }

  /** Each acknowledgement has one event, of the server that sent it, with the end that the client was given. There are no other events. */
  #checkAnswers(): void {
    for (const server of this.#servers) {
      const answers = server.stream.filter(({ kind }) => kind === 'granted' || kind === 'renewed');
      const byXid = new Map(answers.map((event) => [event.xid, event]));
      if (byXid.size !== answers.length) this.#fail(`${server.name} recorded an answer twice`);
      const acknowledged = server.facts.filter(({ kind }) => kind === 'acknowledged');
      if (answers.length !== acknowledged.length)
        this.#fail(`${server.name} recorded ${answers.length} answers and sent ${acknowledged.length}`);
      for (const { xid, address, at, until } of acknowledged) {
        const event = byXid.get(xid);
        const isRight = event?.address === address && event.at === at && event.leaseEnd === until;
        if (!isRight) this.#fail(`${server.name} has no event of its answer about ${address}`);
        this.#checkPort(event, server);
      }
    }
  }

  /**
   * A server that lost its disk has lost with it where it saw the client, and what the partner knows of an earlier time proves nothing: it knows
   * the port once either has seen the client again, and no sooner. Until they have met again the partner does not know when that was, so that what it
   * sees meanwhile may be earlier still. Any other server knows it always.
   */
  #checkPort(event: Recorded, server: Server): void {
    if (event.evidence === 'observed') return;
    const lost = server.losses.findLast((at) => at < event.committed) ?? Number.NEGATIVE_INFINITY;
    const seen = this.#servers.flatMap(({ stream }) => stream.filter((one) => isSightingOf(event, one, lost)));
    const isTold = (one: Recorded) => this.#isKnown(lost, one) && this.#isKnown(one.committed, event);
    const mustKnow = lost < 0 || seen.some((one) => one.queue === event.queue || isTold(one));
    if (event.evidence === 'none' && mustKnow) this.#fail(`${server.name} does not know the port of ${shown(event)}`);
    if (event.evidence === 'carried' && lost >= 0 && seen.length === 0)
      this.#fail(`${server.name} cannot know the port of ${shown(event)}`);
  }

  /** The trail's own rules make of the events what an observer of the clients would have noted. */
  #checkStays(): void {
    const events = this.#servers.flatMap(({ stream }) => stream);
    const revoked = events.filter(({ kind }) => kind === 'revoked').map(factOf);
    const found = fold(events).map(lineOfSighting).sort();
    const expected = staysOf([...this.#servers.flatMap(knownFacts), ...revoked])
      .map(lineOfStay)
      .sort();
    for (let i = 0; i < Math.max(found.length, expected.length); i++) {
      if (found[i] !== expected[i]) this.#fail(`the trail has ${found[i]}, and ${expected[i]} is right`);
    }
  }

  #follow(event: Recorded, server: Server): void {
    if (!isLeaseEvent(event.kind)) return;
    const name = nameOf(event);
    if (event.kind === 'granted' || event.kind === 'renewed') this.#extend(name, event, server);
    else {
      if (event.kind === 'expired') this.#expire(name, event, server);
      else this.#end(name, event, server);
      this.#told.delete(`${server.name} ${name}`);
    }
  }

  #extend(name: string, event: Recorded, server: Server): void {
    const told = event.committed;
    const open = this.#terms.get(name);
    const term = open && !open.isOver ? open : { parts: new Map(), last: server, isOver: false, mayBeOver: false };
    const part = { end: event.leaseEnd!, at: event.at, told };
    term.parts.set(server, part);
    this.#told.set(`${server.name} ${name}`, part);
    term.last = server;
    term.mayBeOver = false;
    this.#terms.set(name, term);
  }

  /** An expiry is recorded by the server that gave the lease last, with the end that it gave; not if the partner has it now, as far as that can be known. */
  #expire(name: string, event: Recorded, server: Server): void {
    const term = this.#terms.get(name);
    const part = term?.parts.get(server) ?? this.#ended.get(name)?.parts.get(server);
    if (part && event.leaseEnd !== part.end)
      this.#fail(`${shown(event)} ends ${(event.leaseEnd! - part.end) / SECOND} s later than was told`);
    if (event.at < event.leaseEnd!) this.#fail(`${shown(event)} is recorded before its end`);
    if (term && !part && this.#isFormer(name, term, event, server)) return;
    const { partner } = server;
    const other = term?.parts.get(partner);
    const goesOn = other && (term!.last === partner || isLonger(other, partner, part, server));
    if (term && part && goesOn) this.#expireFormer(term, [part, other], event, server);
    else this.#end(name, event, server);
  }

  /** The end of what this server had given before it was down, though the client has had the address again from the other since, and has it now. */
  #isFormer(name: string, { parts }: Term, event: Recorded, server: Server): boolean {
    const own = this.#told.get(`${server.name} ${name}`);
    if (own?.end !== event.leaseEnd) return false;
    const end = trueEnd(own, server) - EPOCH;
    return [...parts.values()].every(({ told }) => told > end - DOUBT) && !this.#isKnown(end, event);
  }

  /** The other server has extended it since, or for longer. */
  #expireFormer(term: Term, [part, other]: readonly [Part, Part], event: Recorded, server: Server): void {
    const { partner } = server;
    const isKnown = this.#isKnown(other.told, event) && partner.lostDisk < other.told;
    term.parts.delete(server);
    term.last = partner;
    const isLast = isAsLate(part, server, other, partner);
    if (!isKnown) {
      this.#unknowing += 1;
      term.mayBeOver = isLast;
    } else if (isLast) term.isOver = true;
    else this.#fail(`${shown(event)} has gone on at ${partner.name}`);
  }

  /** Its time was over, the client gave it up, or the server took it back. */
  #end(name: string, event: Recorded, server: Server): void {
    const term = this.#terms.get(name);
    if (!term) this.#endAgain(name, event, server);
    else if (term.isOver) this.#fail(`${shown(event)} ended before at the partner`);
    if (term) this.#ended.set(name, { at: event.committed, by: server, parts: term.parts });
    this.#terms.delete(name);
  }

  /**
   * Only by the other server, and if it cannot know, or told the client in the very moment in which the first one ended it; or for a release of
   * what is over here, and may have been extended by the other; or if it takes back what was held for the other or for itself.
   */
  #endAgain(name: string, event: Recorded, server: Server): void {
    const ended = this.#ended.get(name);
    if (!ended) this.#fail(`${shown(event)} ended before`);
    const isForgotten = ended.by.lostDisk >= ended.at;
    const isOwnHold =
      event.kind === 'revoked' && server.assumptions.some((at) => at > ended.at && at < event.committed);
    if (ended.by === server && event.kind !== 'released' && !isForgotten && !isOwnHold)
      this.#fail(`${shown(event)} ended before`);
    const part = ended.parts.get(server);
    const isInDoubt = part !== undefined && part.told > ended.at - DOUBT;
    const isHeld = event.kind === 'revoked' && this.#isHeldFor(server, ended.at, event);
    const isApart = event.kind === 'expired' && this.#isApart(server, ended);
    if (!isInDoubt && !isForgotten && !isHeld && !isOwnHold && !isApart && this.#isKnown(ended.at, event))
      this.#fail(`${shown(event)} ended before at the partner`);
    this.#unknowing += 1;
    this.#ended.delete(name);
  }

  /** Both had given it out of contact, and the partner ended its own before they met: then this one, being as late, is still to be ended. */
  #isApart(server: Server, { at, parts }: Ended): boolean {
    const [own, other] = [parts.get(server), parts.get(server.partner)];
    if (!own || !other || !isAsLate(own, server, other, server.partner)) return false;
    return !this.#isKnown(Math.max(own.told, other.told), { committed: at });
  }

  /** The partner had not reported that end when this server lost its disk. So it assumed that the lease goes on, and sent it as such. */
  #isHeldFor(server: Server, ended: Time, { committed }: Recorded): boolean {
    return server.losses.some((lost) => {
      const [from, to] = [Math.min(lost, ended), Math.max(lost, ended)];
      return lost < committed && !this.#atRest.some((rest) => rest > from && rest < to);
    });
  }

  #leftOpen(name: string, term: Term): void {
    if (term.isOver || term.mayBeOver || this.#isCrossed(name, term)) return;
    const isLost = [...term.parts].some(([server, { told }]) => server.lostDisk >= told);
    if (!isLost) this.#fail(`nobody recorded the end of ${name}`);
    this.#lost += 1;
  }

  /** Told in the very moment in which the other server ended it. */
  #isCrossed(name: string, { last, parts }: Term): boolean {
    const ended = this.#ended.get(name);
    return ended !== undefined && ended.by !== last && parts.get(last)!.told < ended.at + DOUBT;
  }

  /** True if the two were in agreement after `at`, and before this event. */
  #isKnown(at: Time, { committed }: Pick<Recorded, 'committed'>): boolean {
    return this.#atRest.some((rest) => rest > at && rest < committed);
  }
}

/**
 * True if the pair may take this acknowledgement for the last one: it is of the same second as the other or a later one, by the clocks of
 * their servers or in truth, or the client has the address as long by both, as far as the difference of the clocks is known.
 */
function isAsLate(one: Part, by: Server, other: Part, byOther: Server): boolean {
  const isLater = Math.floor(one.at / SECOND) >= Math.floor(other.at / SECOND);
  return isLater || one.told > other.told || trueEnd(one, by) >= trueEnd(other, byOther) - DOUBT;
}

function isLonger(one: Part, by: Server, other: Part | undefined, byOther: Server): boolean {
  return other !== undefined && trueEnd(one, by) > trueEnd(other, byOther) + DOUBT;
}

function trueEnd({ end }: Part, { skew }: Server): number {
  return end - skew;
}

/** The client of the event, seen at a port since the disk was lost. */
function isSightingOf(event: Recorded, one: Recorded, lost: Time): boolean {
  const isInTime = one.committed > lost && one.committed < event.committed;
  return isInTime && one.evidence === 'observed' && nameOf(one) === nameOf(event);
}

function nameOf({ address, hwaddr }: Recorded): string {
  return `${address} of ${Buffer.from(hwaddr!).toString('hex')}`;
}

function shown(event: Recorded): string {
  return `${event.server}: ${event.kind} ${nameOf(event)} at ${((event.at - EPOCH) / SECOND).toFixed(3)}`;
}

/** That a server took a lease back is not to be seen from outside. */
function factOf(event: Recorded): Fact {
  const mac = Buffer.from(event.hwaddr!).toString('hex');
  const { at, queue, address } = event;
  return { kind: 'revoked', at, queue, address: address!, mac, port: null, until: at };
}

/** What the server noted, but for the ports that it cannot know. */
function knownFacts({ facts, stream }: Server): Fact[] {
  const unseen = new Set(stream.flatMap(({ evidence, xid }) => (evidence === 'none' ? [xid] : [])));
  return facts.map((fact) => (unseen.has(fact.xid) ? { ...fact, port: null } : fact));
}

function lineOfSighting(sighting: Sighting): string {
  const { ip, hwaddr, portId, firstSeen, lastSeen, leaseUntil, endedAt, endReason } = sighting;
  const [mac, port] = [Buffer.from(hwaddr!).toString('hex'), portId?.toString('hex') ?? NOWHERE];
  return line(ip, mac, port, [firstSeen, lastSeen, leaseUntil, endedAt ?? leaseUntil], endReason ?? 'expired');
}

function lineOfStay({ address, mac, port, firstSeen, lastSeen, until, endedAt, reason }: Stay): string {
  return line(address, mac, nameOfPort(port), [firstSeen, lastSeen, until, endedAt], reason);
}

function line(address: string, mac: string, port: string, times: readonly number[], reason: string): string {
  const shownTimes = times.map((time) => ((time - EPOCH) / SECOND).toFixed(6)).join(' ');
  return `${address} of ${mac} at ${port}: ${shownTimes} ${reason}`;
}

const portNames = new Map<string, string>();

/** As the trail names it. */
function nameOfPort(port: string | null): string {
  if (port === null) return NOWHERE;
  let name = portNames.get(port);
  if (name === undefined) {
    const [circuitId, remoteId] = [Buffer.from(port), Buffer.from('sw')];
    name = portIdOf({ evidence: 'observed', circuitId, remoteId, relayId: null, giaddr: null })!.toString('hex');
    portNames.set(port, name);
  }
  return name;
}
