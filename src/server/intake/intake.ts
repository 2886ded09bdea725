import type { Micros } from '../../base/time.js';
import { FairQueue } from './fair-queue.js';
import { RoundRobin, type RoundRobinElement } from './round-robin.js';

/**
 * Most datagrams of one port that wait, of DISCOVERs and of others each. Round robin protects the other ports; this bounds the memory
 * of one. Enough for a busy port (the uplink of a building) during a pause of the machine of some 100 ms.
 */
export const PORT_BACKLOG = 1024;
/** Most datagrams that wait altogether: no more than can be served before their clients repeat them (4 s). */
export const BACKLOG = 8192;
/**
 * Serve newer DISCOVERs first: the client of an older one has probably given up. Under overload this is how long a client waits for an
 * offer. Longer than most pauses of the disk and of the garbage collector.
 */
export const LATE: Micros = 100_000;
/** When a full relay must give up a datagram, it is a DISCOVER unless those are fewer than one for each 8 others. */
const OTHERS_PER_DISCOVER = 8;

/** Where a datagram comes from and what it is, as far as can be seen without decoding it. */
export interface IntakeKey {
  /** The relay that sent it, or the link on which it was received. */
  readonly relay: string;
  /** Switch and port behind that relay, else the client. */
  readonly port: string;
  /** A DISCOVER, or a copy of one. */
  readonly isDiscover: boolean;
}

interface Arrival {
  /** Counts arrivals, upwards. */
  readonly order: number;
  /** On the monotonic clock. */
  readonly arrived: Micros;
}

/**
 * The datagrams that wait for a batch. Served round robin: among relays, within a relay between DISCOVERs and all others, within those
 * among ports. So a flood delays only its own port, and exchanges that have begun are finished however many begin. A port that is full
 * loses its oldest datagram: its client has repeated it or given up. If the whole intake is full, the relay with most datagrams loses one.
 */
export class Intake<T extends Arrival> {
  readonly #relays = new Map<string, Relay<T>>();
  readonly #order = new RoundRobin<Relay<T>>();
  readonly #portBacklog: number;
  readonly #backlog: number;
  #size = 0;
  /** A relay with about as many datagrams as any other; see {@link push}. */
  #fullest: Relay<T> | undefined;

  constructor(portBacklog = PORT_BACKLOG, backlog = BACKLOG) {
    this.#portBacklog = portBacklog;
    this.#backlog = backlog;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a datagram. Returns the one that was removed to make room, if any. */
  push(key: IntakeKey, item: T): T | undefined {
    const relay = this.#relays.get(key.relay) ?? this.#open(key.relay);
    const removed = relay.queueFor(key).push(key.port, item, this.#portBacklog);
    if (removed !== undefined) return removed;
    // Compared whenever a relay grows, so that the noted one is never far from the true one, without a search
    if (relay.size >= (this.#fullest?.size ?? 0)) this.#fullest = relay;
    if (this.#size === this.#backlog) return this.#fullest!.giveUp();
    this.#size += 1;
    return undefined;
  }

  /**
   * Removes and returns at most `limit` datagrams, one of each relay in turn, sorted by arrival.
   * @param now on the monotonic clock
   */
  take(limit: number, now: Micros): T[] {
    const taken: T[] = [];
    while (taken.length < limit && this.#size > 0) {
      const relay = this.#order.take();
      // It may have given up all it had
      if (relay.size > 0) {
        taken.push(relay.take(now));
        this.#size -= 1;
      }
      if (relay.size > 0) this.#order.add(relay);
      else this.#relays.delete(relay.name);
    }
    return taken.sort((a, b) => a.order - b.order);
  }

  #open(name: string): Relay<T> {
    const relay = new Relay<T>(name);
    this.#relays.set(name, relay);
    this.#order.add(relay);
    return relay;
  }
}

/** The datagrams of one relay. */
class Relay<T extends Arrival> implements RoundRobinElement<Relay<T>> {
  readonly name: string;
  next: Relay<T> | undefined;
  readonly #discovers = new FairQueue<T>();
  readonly #others = new FairQueue<T>();
  /** DISCOVERs that are older than {@link LATE}. Served last. */
  readonly #late = new FairQueue<T>();
  #isDiscoverNext = false;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#discovers.size + this.#others.size + this.#late.size;
  }

  queueFor({ isDiscover }: IntakeKey): FairQueue<T> {
    return isDiscover ? this.#discovers : this.#others;
  }

  /** Removes and returns the datagram that is next. There must be one. */
  take(now: Micros): T {
    this.#setLateAside(now);
    const queue = this.#nextQueue();
    this.#isDiscoverNext = queue === this.#others;
    return queue.take();
  }

  #nextQueue(): FairQueue<T> {
    const isDiscover = this.#discovers.size > 0 && (this.#isDiscoverNext || this.#others.size === 0);
    if (isDiscover) return this.#discovers;
    return this.#others.size > 0 ? this.#others : this.#late;
  }

  /** Removes and returns the datagram that is missed least: work was done for an exchange under way, and a DISCOVER needs little room. */
  giveUp(): T {
    if (this.#late.size > 0) return this.#late.take();
    const queue = this.#discovers.size * OTHERS_PER_DISCOVER >= this.#others.size ? this.#discovers : this.#others;
    return queue.take();
  }

  #setLateAside(now: Micros): void {
    let next = this.#discovers.peek();
    while (next && now - next.item.arrived > LATE) {
      this.#late.push(next.port, this.#discovers.take());
      next = this.#discovers.peek();
    }
  }
}
