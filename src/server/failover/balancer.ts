import { MESSAGE } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type { FailoverLog, Moment } from './api.js';
import { balanceOf, givenAway, lacksAddresses, surplusAddresses } from './balance.js';
import type { Exchange } from './exchange.js';
import { type Relationship, secondsOf } from './relationship.js';
import type { Session } from './session.js';

/** Shortest time between two POOLREQ that have an effect. Microseconds. */
const POOLREQ_PAUSE = 1_000_000;
/** Most addresses that are given to the partner at once. */
const BALANCE_LIMIT = 1000;

/** Balances the free addresses of both servers: periodically, at the partner's request, and when NORMAL is entered. */
export class Balancer {
  readonly #relationship: Relationship;
  readonly #session: Session;
  readonly #exchange: Exchange;
  readonly #log: FailoverLog;
  #last = Number.NEGATIVE_INFINITY;
  #next = 0;
  #isUnfinished = false;

  constructor(relationship: Relationship, session: Session, exchange: Exchange, log: FailoverLog) {
    this.#relationship = relationship;
    this.#session = session;
    this.#exchange = exchange;
    this.#log = log;
  }

  /** POOLREQ: answers how many addresses the partner gets, which follow as updates. */
  onRequest(message: FailoverMessage, now: Moment): void {
    const moved = now.steady >= this.#last + POOLREQ_PAUSE ? this.balance(now) : 0;
    this.#session.answer(MESSAGE.POOLRESP, message.xid, { 'addresses-transferred': moved }, now);
  }

  /** When due, gives surplus addresses to the partner, and requests some if this server has too few. */
  tick(now: Moment): void {
    const { isWorking, settings } = this.#relationship;
    if (!isWorking || now.steady < this.#next) return;
    if (!this.#isTime(now)) return;
    this.balance(now);
    const lacks = settings.pools.some((_, pool) => lacksAddresses(balanceOf(this.#relationship, pool)));
    if (lacks) this.#session.send(MESSAGE.POOLREQ, {}, now);
  }

  /** Uneven pools are due after minBalance, others after maxBalance. */
  #isTime(now: Moment): boolean {
    const { settings } = this.#relationship;
    if (this.#isUnfinished) return true;
    if (now.steady >= this.#last + settings.maxBalance * 1_000_000) return true;
    return settings.pools.some((_, pool) => {
      const { surplus, threshold } = balanceOf(this.#relationship, pool);
      return Math.abs(surplus) > threshold || lacksAddresses(balanceOf(this.#relationship, pool));
    });
  }

  /** Gives surplus addresses to the partner, if both servers are in NORMAL. Returns how many. */
  balance(now: Moment): number {
    const { isWorking, settings } = this.#relationship;
    if (!isWorking) return 0;
    this.#last = now.steady;
    this.#next = now.steady + settings.minBalance * 1_000_000;
    const given: number[] = [];
    for (const [pool] of settings.pools.entries()) {
      given.push(...surplusAddresses(this.#relationship, pool, BALANCE_LIMIT - given.length));
    }
    // The rest follows with the next tick, so that no batch takes long
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
