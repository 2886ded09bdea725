import type { Micros } from '../../base/time.js';
import { Line } from './line.js';
import { Turns, type Waiter } from './turns.js';

/**
 * Datagrams of one port that wait at most. Turns are what protects other ports; this only bounds what one of them can hold, and must let a busy
 * port (an uplink of a whole building) outlast a pause of the machine of some 100 ms.
 */
export const PORT_BACKLOG = 1024;
/** Datagrams that wait at most, of all ports together: no more than can be worked off before their clients send again (4 s). */
export const BACKLOG = 8192;
/**
 * A DISCOVER that has waited for longer lets fresh ones go before it: of its client nobody knows whether he still waits. Under overload it
 * is how long a client waits for an offer, and it is longer than most pauses of the disk and of the garbage collector.
 */
export const LATE: Micros = 100_000;
/** Where a relay must give way, those who begin do until they have one place for so many of those who go on. */
const BEGINNERS_SHARE = 8;

/** Where a datagram comes from and what it is, as far as that can be told without decoding it. */
export interface IntakeKey {
  /** The relay that sent it, or the link that it was heard on. */
  readonly relay: string;
  /** Switch and port behind that relay, else the client. */
  readonly port: string;
  /** A DISCOVER: it begins an exchange, and a copy of it does as well. */
  readonly begins: boolean;
}

interface Arrival {
  /** Counts arrivals, upwards. */
  readonly order: number;
  /** When it came, on the clock that never steps. */
  readonly arrived: Micros;
}

/**
 * What waits to be worked off. Relays take turns, within a relay those who begin an exchange and those who go on with one, and within these
 * the ports: whoever floods waits behind himself alone, and what was begun is brought to its end however many begin. What does not
 * fit pushes out the oldest of its own port, for its client has sent a copy since or has given up; where all places are taken, the
 * relay that holds most of them gives way.
 */
export class Intake<T extends Arrival> {
  readonly #relays = new Map<string, Relay<T>>();
  readonly #turns = new Turns<Relay<T>>();
  readonly #portBacklog: number;
  readonly #backlog: number;
  #size = 0;
  /** A relay that holds about as many places as any other; see {@link push}. */
  #fullest: Relay<T> | undefined;

  constructor(portBacklog = PORT_BACKLOG, backlog = BACKLOG) {
    this.#portBacklog = portBacklog;
    this.#backlog = backlog;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes one in. Returns the one that had to go for it, if any. */
  push(key: IntakeKey, item: T): T | undefined {
    const relay = this.#relays.get(key.relay) ?? this.#open(key.relay);
    const outOfPort = relay.lineFor(key).push(key.port, item, this.#portBacklog);
    if (outOfPort !== undefined) return outOfPort;
    // Compared at every growth, so that the one noted is never far behind the true one, without a search
    if (relay.size >= (this.#fullest?.size ?? 0)) this.#fullest = relay;
    if (this.#size === this.#backlog) return this.#fullest!.giveWay();
    this.#size += 1;
    return undefined;
  }

  /** Takes up to `limit` out, one of each relay in turn; what is taken at once is in the order in which it came. */
  take(limit: number, now: Micros): T[] {
    const taken: T[] = [];
    while (taken.length < limit && this.#size > 0) {
      const relay = this.#turns.take();
      // What it had may have given way
      if (relay.size > 0) {
        taken.push(relay.take(now));
        this.#size -= 1;
      }
      if (relay.size > 0) this.#turns.add(relay);
      else this.#relays.delete(relay.name);
    }
    return taken.sort((a, b) => a.order - b.order);
  }

  #open(name: string): Relay<T> {
    const relay = new Relay<T>(name);
    this.#relays.set(name, relay);
    this.#turns.add(relay);
    return relay;
  }
}

/** What waits behind one relay. */
class Relay<T extends Arrival> implements Waiter<Relay<T>> {
  readonly name: string;
  behind: Relay<T> | undefined;
  readonly #begin = new Line<T>();
  readonly #goOn = new Line<T>();
  /** Those who wanted to begin so long ago that others go first. */
  readonly #late = new Line<T>();
  #isBeginnersTurn = false;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#begin.size + this.#goOn.size + this.#late.size;
  }

  lineFor({ begins }: IntakeKey): Line<T> {
    return begins ? this.#begin : this.#goOn;
  }

  /** Takes out the one whose turn it is. */
  take(now: Micros): T {
    this.#setBack(now);
    const line = this.#next();
    this.#isBeginnersTurn = line === this.#goOn;
    return line.take();
  }

  #next(): Line<T> {
    const isBegin = this.#begin.size > 0 && (this.#isBeginnersTurn || this.#goOn.size === 0);
    if (isBegin) return this.#begin;
    return this.#goOn.size > 0 ? this.#goOn : this.#late;
  }

  /** Takes out the one that is missed least: for an exchange under way work was done, and who begins needs few places for his turns. */
  giveWay(): T {
    if (this.#late.size > 0) return this.#late.take();
    return this.#begin.size * BEGINNERS_SHARE >= this.#goOn.size ? this.#begin.take() : this.#goOn.take();
  }

  #setBack(now: Micros): void {
    for (let next = this.#begin.next(); next && now - next.item.arrived > LATE; next = this.#begin.next()) {
      this.#late.push(next.port, this.#begin.take());
    }
  }
}
