import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { Binding } from './binding.js';

/** An update that was sent and not yet answered. */
interface Sent {
  readonly xid: number;
  readonly binding: Binding;
  readonly at: Micros;
}

/** The partner's UPDREQ or UPDREQALL that is being answered. */
interface UpdateRequest {
  xid: number;
  readonly isAll: boolean;
  readonly todo: Iterator<Ipv4>;
  isSent: boolean;
  /** Addresses whose updates are sent and not answered. The request is finished when none is left. */
  readonly waiting: Set<Ipv4>;
}

/** An address to send next. `isRequested`: the partner wants it even if it is not pending. */
interface Next {
  readonly address: Ipv4;
  readonly isRequested: boolean;
}

/**
 * The updates for the partner: first in, first out, at most as many unanswered as it allows, and one for each address at a time. The
 * binding that was sent is remembered, so that the answer to an older one does not count for the present one.
 */
export class UpdateQueue {
  #queue = new Set<Ipv4>();
  readonly #sent = new Map<Ipv4, Sent>();
  #request: UpdateRequest | null = null;
  /** Rejected updates, and when they are sent again. */
  readonly #parked = new Map<Ipv4, Micros>();
  /** Not sent before {@link releaseDeferred}. */
  readonly #deferred = new Set<Ipv4>();

  /** Number of updates sent and not answered. */
  get unacked(): number {
    return this.#sent.size;
  }

  /** The binding that was sent for the address and is not answered; undefined if there is none. */
  inFlight(address: Ipv4): Binding | undefined {
    return this.#sent.get(address)?.binding;
  }

  /** When the oldest unanswered update was sent; undefined if there is none. */
  get oldest(): Micros | undefined {
    for (const { at } of this.#sent.values()) return at;
    return undefined;
  }

  /** The binding of the address changed, and the partner must learn it. */
  add(address: Ipv4): void {
    this.#parked.delete(address);
    this.#deferred.delete(address);
    this.#queue.add(address);
  }

  /** Keeps the update back until {@link releaseDeferred}. */
  defer(address: Ipv4): void {
    this.#queue.delete(address);
    this.#deferred.add(address);
  }

  releaseDeferred(): void {
    for (const address of this.#deferred) this.#queue.add(address);
    this.#deferred.clear();
  }

  /** A new connection: nothing is sent yet, and all of `pending` must be. Time grows with `pending`. */
  restart(pending: Iterable<Ipv4>): void {
    this.#queue = new Set(pending);
    this.#sent.clear();
    this.#parked.clear();
    this.#deferred.clear();
    this.#request = null;
  }

  /**
   * The partner requests updates for these addresses, which are read one by one as they are sent. A second request of the same kind
   * (dhcpd sends two) continues the first; one of the other kind replaces it. Updates that are already sent count for it, too.
   */
  request(xid: number, isAll: boolean, addresses: () => Iterator<Ipv4>): void {
    if (this.#request?.isAll === isAll) this.#request.xid = xid;
    else this.#request = { xid, isAll, todo: addresses(), isSent: false, waiting: new Set(this.#sent.keys()) };
  }

  /** The xid of the request if all its updates are answered; removes the request. */
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

  /** Removes and yields addresses to send until `window` are unanswered: requested ones, then, if `all`, the others. */
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

  /** A BNDACK arrived. Returns the binding that was sent; undefined if none was, or with another xid. */
  answered(xid: number, address: Ipv4): Binding | undefined {
    const sent = this.#sent.get(address);
    if (sent?.xid !== xid) return undefined;
    this.#sent.delete(address);
    this.#request?.waiting.delete(address);
    return sent.binding;
  }

  /** A BNDACK with a wrong xid arrived. Frees the place in the window all the same. False if the address had none. */
  giveUp(address: Ipv4): boolean {
    this.#request?.waiting.delete(address);
    return this.#sent.delete(address);
  }

  /** The update was rejected: it is sent again at `until`, never on this connection if that is infinite. */
  park(address: Ipv4, until: Micros): void {
    this.#queue.delete(address);
    if (until < Number.POSITIVE_INFINITY) this.#parked.set(address, until);
  }

  /** Queues the rejected updates that are due again. */
  unpark(now: Micros): void {
    for (const [address, until] of this.#parked) if (until <= now) this.add(address);
  }
}
