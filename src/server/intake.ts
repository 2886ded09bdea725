/**
 * Datagrams of one port that wait at most. Turns are what protects other ports; this only bounds what one of them can hold, and must let a busy
 * port (an uplink of a whole building) outlast a pause of the machine of some 100 ms.
 */
export const PORT_BACKLOG = 1024;
/** Datagrams that wait at most, of all ports together: no more than can be worked off before their clients send again (4 s). */
export const BACKLOG = 8192;

/** Where a datagram comes from, as far as it can be told without decoding it. */
export interface IntakeKey {
  /** The relay that sent it, or the link that it was heard on. */
  readonly relay: string;
  /** Switch and port behind that relay, else the client. */
  readonly port: string;
}

interface RelayQueue<T> {
  size: number;
  /** Those that wait, oldest first, by port; the port whose turn is next comes first. */
  readonly ports: Map<string, T[]>;
}

/**
 * What waits to be worked off. Relays take turns, and within a relay its ports: whoever floods waits behind himself alone. What does not
 * fit pushes out the oldest of its own port, for its client has sent a copy since or has given up; where all places are taken, the
 * relay that holds most of them gives way.
 */
export class Intake<T> {
  /** The relay whose turn is next comes first. */
  readonly #relays = new Map<string, RelayQueue<T>>();
  readonly #portBacklog: number;
  readonly #backlog: number;
  #size = 0;
  /** A relay that holds about as many places as any other; see {@link push}. */
  #fullest = '';

  constructor(portBacklog = PORT_BACKLOG, backlog = BACKLOG) {
    this.#portBacklog = portBacklog;
    this.#backlog = backlog;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes one in. Returns the one that had to go for it, if any. */
  push(key: IntakeKey, item: T): T | undefined {
    const { relay, waiting } = this.#queueOf(key);
    const outOfPort = waiting.length >= this.#portBacklog ? waiting.shift() : undefined;
    waiting.push(item);
    if (outOfPort !== undefined) return outOfPort;
    relay.size += 1;
    this.#size += 1;
    // Compared at every growth, so that the one noted is never far behind the true one, without a search
    if (relay.size >= (this.#relays.get(this.#fullest)?.size ?? 0)) this.#fullest = key.relay;
    return this.#size > this.#backlog ? this.#take(this.#fullest) : undefined;
  }

  /** Takes up to `limit` out, one of each relay and port in turn. */
  take(limit: number): T[] {
    const taken: T[] = [];
    while (taken.length < limit && this.#size > 0) taken.push(this.#take(firstOf(this.#relays)));
    return taken;
  }

  #queueOf(key: IntakeKey): { relay: RelayQueue<T>; waiting: T[] } {
    const relay = this.#relays.get(key.relay) ?? { size: 0, ports: new Map() };
    const waiting = relay.ports.get(key.port) ?? [];
    if (relay.size === 0) this.#relays.set(key.relay, relay);
    if (waiting.length === 0) relay.ports.set(key.port, waiting);
    return { relay, waiting };
  }

  /** Takes the oldest of the port whose turn it is; then relay and port are last in the line, or out of it. */
  #take(name: string): T {
    const relay = this.#relays.get(name)!;
    const port = firstOf(relay.ports);
    const waiting = relay.ports.get(port)!;
    const item = waiting.shift()!;
    relay.size -= 1;
    this.#size -= 1;
    toTheEnd(relay.ports, port, waiting.length > 0);
    toTheEnd(this.#relays, name, relay.size > 0);
    return item;
  }
}

/** The key that has been in the map for the longest time. */
function firstOf(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value!;
}

function toTheEnd<V>(map: Map<string, V>, key: string, stays: boolean): void {
  const value = map.get(key)!;
  map.delete(key);
  if (stays) map.set(key, value);
}
