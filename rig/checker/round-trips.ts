import type { Fault } from './journal.js';
import { OPTION, type Packet, TYPE } from './packets.js';

/** The next answer within this time shows by when an unanswered request was recorded; without one, it took no longer than this. */
const STALL = 500_000;
export const ANSWERS: number[] = [TYPE.offer, TYPE.ack, TYPE.nak];

/** The newest request that the answer may belong to: the last one if it was retransmitted. */
export function requestOf(answer: Packet, requests: readonly Packet[]): number {
  return requests.findLastIndex(
    (request) =>
      request.xid === answer.xid &&
      request.mac === answer.mac &&
      request.giaddr === answer.giaddr &&
      request.options.get(OPTION.relayAgent) === answer.options.get(OPTION.relayAgent),
  );
}

/** Estimates how long a server took for unanswered requests, from the answered ones. */
export class RoundTrips {
  /** Times of requests and their answers. */
  readonly #pairs: (readonly [number, number])[] = [];
  #longest = 0;

  constructor(packets: readonly Packet[], faults: readonly Fault[]) {
    const open: Packet[] = [];
    for (const packet of packets) {
      if (packet.type === TYPE.discover || packet.type === TYPE.request) open.push(packet);
      const index = ANSWERS.includes(packet.type) ? requestOf(packet, open) : -1;
      const [request] = index === -1 ? [] : open.splice(index, 1);
      if (request) this.#pairs.push([request.at, packet.at]);
    }
    const isPaused = ([asked]: readonly [number, number]) =>
      faults.some((fault) => fault.kind === 'server-paused' && asked >= fault.at && asked < fault.until);
    for (const pair of this.#pairs) if (!isPaused(pair)) this.#longest = Math.max(this.#longest, pair[1] - pair[0]);
  }

  /** By when it had recorded a request of that time: after its longest round trip, or when it answered the next request. */
  noted(told: number): number {
    const later = this.#pairs
      .filter(([asked]) => asked >= told && asked <= told + STALL)
      .map(([, answered]) => answered);
    return Math.max(told + this.#longest, later.length > 0 ? Math.min(...later) : told + STALL);
  }
}
