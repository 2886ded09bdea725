import type { Fault } from './journal.js';
import { OPTION, type Packet, TYPE } from './packets.js';

/** What is asked within this time of something without an answer tells by its own answer when that was noted; if nothing is, it took no longer. */
const STALL = 500_000;
export const ANSWERS: number[] = [TYPE.offer, TYPE.ack, TYPE.nak];

/** The newest of the requests that the answer may belong to: of retransmitted ones the last. */
export function requestOf(answer: Packet, requests: readonly Packet[]): number {
  return requests.findLastIndex(
    (request) =>
      request.xid === answer.xid &&
      request.mac === answer.mac &&
      request.giaddr === answer.giaddr &&
      request.options.get(OPTION.relayAgent) === answer.options.get(OPTION.relayAgent),
  );
}

/** How long a server took for what has no answer, judged by what had one. */
export class RoundTrips {
  /** When it was asked and when it answered. */
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

  /** By when it had noted what it was told then: after its longest round trip, or when it answered what came soon after. */
  noted(told: number): number {
    const later = this.#pairs
      .filter(([asked]) => asked >= told && asked <= told + STALL)
      .map(([, answered]) => answered);
    return Math.max(told + this.#longest, later.length > 0 ? Math.min(...later) : told + STALL);
  }
}
