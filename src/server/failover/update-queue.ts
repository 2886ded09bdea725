import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { Binding } from './binding.js';

/** What was sent about an address and is not answered. */
interface Sent {
  readonly xid: number;
  readonly binding: Binding;
  readonly at: Micros;
}

/** The partner's question for updates that is being answered. */
interface UpdateRequest {
  xid: number;
  readonly isAll: boolean;
  readonly todo: Iterator<Ipv4>;
  isSent: boolean;
  /** On their way, so that the question is not answered yet. */
  readonly waiting: Set<Ipv4>;
}

/** What to send next: `isRequested` if the partner wants it even if it is no news. */
interface Next {
  readonly address: Ipv4;
  readonly isRequested: boolean;
}

/**
 * The updates on their way to the partner: first in, first out, no more unanswered than it allows, and one for an address at a time. What
 * was sent is noted as the binding it was, so that an answer to an older one is never taken for an answer to the present one.
 */
export class UpdateQueue {
  #queue = new Set<Ipv4>();
  readonly #sent = new Map<Ipv4, Sent>();
  #request: UpdateRequest | null = null;
  /** Refused ones, until they are tried again. */
  readonly #parked = new Map<Ipv4, Micros>();
  /** Not to be sent before {@link release}. */
  readonly #deferred = new Set<Ipv4>();

  /** Number of updates sent and not answered. */
  get unacked(): number {
    return this.#sent.size;
  }

  /** What was sent about the address and is not answered. */
  inFlight(address: Ipv4): Binding | undefined {
    return this.#sent.get(address)?.binding;
  }

  /** When the update was sent that waits longest for its answer. */
  get oldest(): Micros | undefined {
    for (const { at } of this.#sent.values()) return at;
    return undefined;
  }

  /** The binding of the address changed and the partner has to know. */
  add(address: Ipv4): void {
    this.#parked.delete(address);
    this.#deferred.delete(address);
    this.#queue.add(address);
  }

  /** The update waits until {@link release}. */
  defer(address: Ipv4): void {
    this.#queue.delete(address);
    this.#deferred.add(address);
  }

  releaseDeferred(): void {
    for (const address of this.#deferred) this.#queue.add(address);
    this.#deferred.clear();
  }

  /** A new connection: nothing is on its way, and everything in `pending` has to go. Takes time that grows with that. */
  restart(pending: Iterable<Ipv4>): void {
    this.#queue = new Set(pending);
    this.#sent.clear();
    this.#parked.clear();
    this.#deferred.clear();
    this.#request = null;
  }

  /**
   * The partner asks for these addresses; they are read one by one, as they are sent. The same question once more (dhcpd asks twice) takes the place
   * of the first, another one is forgotten for it. What is on its way answers the question as well.
   */
  request(xid: number, isAll: boolean, addresses: () => Iterator<Ipv4>): void {
    if (this.#request?.isAll === isAll) this.#request.xid = xid;
    else this.#request = { xid, isAll, todo: addresses(), isSent: false, waiting: new Set(this.#sent.keys()) };
  }

  /** The xid of the question if it is answered whole by now; it is forgotten then. */
  takeFinished(): number | undefined {
    const request = this.#request;
    if (!request?.isSent || request.waiting.size > 0) return undefined;
    this.#request = null;
    return request.xid;
  }

  /** True if {@link next} may have something. */
  hasNext(window: number, all: boolean): boolean {
    const isRequested = this.#request !== null && !this.#request.isSent;
    return this.#sent.size < window && (isRequested || (all && this.#queue.size > 0));
  }

  /** The addresses to send now, at most until `window` are unanswered: those asked for, then, if `all`, the others. */
  *next(window: number, all: boolean): Generator<Next> {
    const request = this.#request;
    while (request && !request.isSent && this.#sent.size < window) {
      const { value: address, done } = request.todo.next();
      if (done) request.isSent = true;
      else if (!this.#sent.has(address)) {
        request.waiting.add(address);
        yield { address, isRequested: true };
      }
    }
    if (!all) return;
    for (const address of this.#queue) {
      if (this.#sent.size >= window) return;
      if (this.#sent.has(address)) continue;
      this.#queue.delete(address);
      yield { address, isRequested: false };
    }
  }

  sent(xid: number, binding: Binding, at: Micros): void {
    this.#sent.set(binding.address, { xid, binding, at });
  }

  /** The answer to an update came. Returns the binding that was sent; undefined if none was, or the answer is to another one. */
  answered(xid: number, address: Ipv4): Binding | undefined {
    const sent = this.#sent.get(address);
    if (sent?.xid !== xid) return undefined;
    this.#sent.delete(address);
    this.#request?.waiting.delete(address);
    return sent.binding;
  }

  /** An answer with a wrong number: the slot is given back all the same. Returns whether there was one. */
  giveUp(address: Ipv4): boolean {
    this.#request?.waiting.delete(address);
    return this.#sent.delete(address);
  }

  /** Refused: the update is tried again at `until`; never on this connection if that is infinite. */
  park(address: Ipv4, until: Micros): void {
    this.#queue.delete(address);
    if (until < Number.POSITIVE_INFINITY) this.#parked.set(address, until);
  }

  /** Puts refused updates whose time has come into the queue again. */
  unpark(now: Micros): void {
    for (const [address, until] of this.#parked) if (until <= now) this.add(address);
  }
}
