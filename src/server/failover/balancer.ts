import { MESSAGE } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type { LogOutput, Moment } from './api.js';
import { balanceOf, givenAway, lacksAddresses, surplusAddresses } from './balance.js';
import type { Exchange } from './exchange.js';
import { type Relationship, secondsOf } from './relationship.js';
import type { Session } from './session.js';

/** A question for addresses is looked into no more often than this. */
const POOLREQ_PAUSE = 1_000_000;
/** Addresses that change hands in one go. */
const BALANCE_LIMIT = 1000;

/** Sees to it that both servers have free addresses: by the clock, when the partner asks, and when both have come to NORMAL. */
export class Balancer {
  readonly #relationship: Relationship;
  readonly #session: Session;
  readonly #exchange: Exchange;
  readonly #log: (id: LogOutput['id'], fields: LogOutput['fields']) => void;
  #last = Number.NEGATIVE_INFINITY;
  #next = 0;
  #isUnfinished = false;

  constructor(
    relationship: Relationship,
    session: Session,
    exchange: Exchange,
    log: (id: LogOutput['id'], fields: LogOutput['fields']) => void,
  ) {
    this.#relationship = relationship;
    this.#session = session;
    this.#exchange = exchange;
    this.#log = log;
  }

  /** The partner asks for addresses: says how many it gets, and sends them as updates. */
  onRequest(message: FailoverMessage, now: Moment): void {
    const moved = now.steady >= this.#last + POOLREQ_PAUSE ? this.balance(now) : 0;
    this.#session.answer(MESSAGE.POOLRESP, message.xid, { 'addresses-transferred': moved }, now);
  }

  /** Gives what there is too much of when it is time, and asks for more where there is too little. */
  tick(now: Moment): void {
    const { isWorking, settings } = this.#relationship;
    if (!isWorking || now.steady < this.#next) return;
    if (!this.#isTime(now)) return;
    this.balance(now);
    const lacks = settings.pools.some((_, pool) => lacksAddresses(balanceOf(this.#relationship, pool)));
    if (lacks) this.#session.send(MESSAGE.POOLREQ, {}, now);
  }

  /** Uneven pools are shared out after the shortest time, others after the longest. */
  #isTime(now: Moment): boolean {
    const { settings } = this.#relationship;
    if (this.#isUnfinished) return true;
    if (now.steady >= this.#last + settings.maxBalance * 1_000_000) return true;
    return settings.pools.some((_, pool) => {
      const { surplus, threshold } = balanceOf(this.#relationship, pool);
      return Math.abs(surplus) > threshold || lacksAddresses(balanceOf(this.#relationship, pool));
    });
  }

  /** Gives the partner what this server has too many of, if both are in NORMAL. Returns how many. */
  balance(now: Moment): number {
    const { isWorking, settings } = this.#relationship;
    if (!isWorking) return 0;
    this.#last = now.steady;
    this.#next = now.steady + settings.minBalance * 1_000_000;
    const given: number[] = [];
    for (const [pool] of settings.pools.entries()) {
      given.push(...surplusAddresses(this.#relationship, pool, BALANCE_LIMIT - given.length));
    }
    // The rest with the next tick: nobody waits long for this
    this.#isUnfinished = given.length === BALANCE_LIMIT;
    if (this.#isUnfinished) this.#next = now.steady;
    for (const address of given) this.#give(address, now);
    if (given.length > 0) this.#log('failover-balanced', { moved: given.length });
    return given.length;
  }

  #give(address: number, now: Moment): void {
    const { table, partnerFree } = this.#relationship;
    this.#exchange.change(givenAway(table.get(address), partnerFree, secondsOf(now)), 'internal');
  }
}
