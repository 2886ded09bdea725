import { formatHardwareAddress } from '../../base/hardware-address.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { formatIpv4 } from '../../net/ipv4.js';
import { BINDING_STATUS, MESSAGE, REJECT } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type { BindingChange, ChangeCause, FailoverLog, Moment } from './api.js';
import { givenAway, goesToSecondary } from './balance.js';
import { type Binding, isUnused, sameHolder } from './binding.js';
import { type Rejection, readUpdate, type Update, updateOptions } from './binding-update.js';
import { CatchUp } from './catch-up.js';
import { CLOCK_LIMIT, type JudgeContext, judge } from './judge.js';
import { type Relationship, secondsOf } from './relationship.js';
import type { Session } from './session.js';
import type { BindingTable } from './table.js';
import { UpdateQueue } from './update-queue.js';

/** A rejected update is sent again after this time, unless that is useless. */
const RETRY: Micros = 60 * MICROS_PER_SECOND;
/** The partner may delay an answer until a lease ends, but not for longer than this. */
const ANSWER_LIMIT: Micros = 150 * MICROS_PER_SECOND;
/** How many updates beyond the allowed number are tolerated: the partner may send a changed one again. */
const TOLERANCE = 100;

/** Rejections for which sending again is useless: the pools or the message itself are wrong. */
const FINAL: ReadonlySet<number> = new Set([
  REJECT.NOT_IN_POOL,
  REJECT.MISSING_INFORMATION,
  REJECT.UNKNOWN,
  REJECT.NOT_RESERVED,
]);

/** Exchanges binding updates in both directions, and answers requests for them. */
export class Exchange {
  readonly #relationship: Relationship;
  readonly #session: Session;
  readonly #log: FailoverLog;
  readonly #queue = new UpdateQueue();
  /** Updates of the partner that are answered later. `until`: wall clock, seconds. */
  #waiting = new Map<Ipv4, { message: FailoverMessage; update: Update; until: number }>();
  #changes: BindingChange[] = [];
  /** Updates received since answers were last sent. */
  #unanswered = 0;
  #arePoolsLogged = false;
  readonly #catchUp = new CatchUp();

  constructor(relationship: Relationship, session: Session, log: FailoverLog) {
    this.#relationship = relationship;
    this.#session = session;
    this.#log = log;
  }

  get #table(): BindingTable {
    return this.#relationship.table;
  }

  get unacked(): number {
    return this.#queue.unacked;
  }

  /** When the partner's last update arrived, in steady time; 0 if none did. */
  get lastUpdate(): Micros {
    return this.#catchUp.lastUpdate;
  }

  takeChanges(): BindingChange[] {
    return this.#changes.splice(0);
  }

  /** Puts a changed binding in force, queues it for the partner if pending, and reports the change. */
  change(after: Binding, cause: ChangeCause, update?: Update): void {
    const before = this.#table.get(after.address);
    this.set(after);
    const reported = update?.status ?? null;
    const isPartners = reported === 'EXPIRED' ? update?.portledger?.own : undefined;
    this.#changes.push({ before, after, cause, reported, isPartners, clockAhead: this.#relationship.clockAhead });
  }

  /** As {@link change}, for changes that the caller knows of: not reported. */
  set(after: Binding): void {
    this.#table.set(after);
    if (after.pending) this.#queue.add(after.address);
  }

  /** A connection was set up, or lost. */
  restart(now: Moment): void {
    this.#waiting.clear();
    this.#unanswered = 0;
    this.#arePoolsLogged = false;
    this.#catchUp.restart(now.steady);
    const pending = [...this.#table.pending];
    this.#queue.restart(pending);
    if (!this.#session.isUp) return;
    for (const address of pending) this.#resend(this.#table.get(address), now);
  }

  /**
   * Prepares an update that the partner may have received on an earlier connection. It waits until the partner has caught up: before dhcpd
   * has sent a newer lease of its own, it would drop that lease for this update. For a free address dhcpd would do so even later, unless
   * the potential end is in the future by both clocks.
   */
  #resend(binding: Binding, now: Moment): void {
    const isFree = binding.status === 'FREE' || binding.status === 'BACKUP';
    const ahead = secondsOf(now) + 2 * CLOCK_LIMIT;
    // The partner learns of the lease now, so it can no longer become free without the partner's consent
    if (binding.rewind) this.#table.set({ ...binding, rewind: null });
    else if (isFree) this.#table.set({ ...binding, promised: Math.max(binding.promised, ahead) });
    this.#queue.defer(binding.address);
  }

  /** True if the partner has had time to report the leases that it gave without contact. */
  partnerCaughtUp(now: Moment): boolean {
    return this.#catchUp.isOver(now.steady);
  }

  /** For when the changes were rolled back: forgets all that was to follow from them. */
  forget(now: Moment): void {
    this.#changes = [];
    this.restart(now);
  }

  /** True if there is an update to send, and room for it. */
  hasMore(all: boolean): boolean {
    return this.#session.isUp && this.#queue.hasNext(this.#session.window, all);
  }

  onUpdate(message: FailoverMessage, now: Moment): void {
    this.#unanswered += 1;
    this.#catchUp.note(now.steady);
    if (this.#unanswered + this.#waiting.size > this.#relationship.settings.maxUnackedUpdates + TOLERANCE) {
      this.#session.giveUp(`the partner sent ${this.#unanswered} updates without waiting for answers`, now);
      return;
    }
    const read = readUpdate(message.options);
    if (read.kind === 'rejection') {
      this.#refuse(message, read.rejection, now);
      return;
    }
    const { update } = read;
    if (!this.#table.covers(update.address)) {
      this.#refuseUnknown(message, update, now);
      return;
    }
    this.#waiting.delete(update.address);
    this.#decide(message, update, now);
  }

  onAnswer(message: FailoverMessage, now: Moment): void {
    const address = message.options['assigned-IP-address'];
    if (address === undefined) return;
    const sent = this.#queue.answered(message.xid, address);
    if (!sent) {
      if (this.#queue.giveUp(address)) this.#queue.park(address, now.steady + RETRY);
    } else if (message.options['reject-reason']) this.#rejected(sent, message, now);
    else if (this.#table.get(address) === sent) this.#acknowledged(sent, now);
    this.finish(now);
  }

  /** UPDREQ (all that the partner has not acknowledged) or UPDREQALL. */
  onRequest(message: FailoverMessage, now: Moment): void {
    const all = message.type === MESSAGE.UPDREQALL;
    this.#queue.request(message.xid, all, () => (all ? this.#table.addresses() : [...this.#table.pending].values()));
    this.finish(now);
  }

  /** Does what is due: updates to send again, and answers that were delayed. */
  tick(now: Moment): void {
    this.#queue.unpark(now.steady);
    if (this.partnerCaughtUp(now)) this.#queue.releaseDeferred();
    const seconds = secondsOf(now);
    for (const [address, { message, update, until }] of this.#waiting) {
      if (until > seconds) continue;
      this.#waiting.delete(address);
      this.#decide(message, update, now);
    }
    const { oldest } = this.#queue;
    if (oldest !== undefined && now.steady - oldest > ANSWER_LIMIT) {
      this.#session.giveUp(`the partner did not answer an update for ${ANSWER_LIMIT / MICROS_PER_SECOND} s`, now);
    }
  }

  /** Sends stored updates, as many as the partner allows. `all`: not only requested ones. */
  send(all: boolean, now: Moment): void {
    this.#unanswered = 0;
    if (!this.#session.isUp) return;
    const { partnerIsPortledger } = this.#relationship;
    for (const { address, isRequested } of this.#queue.next(this.#session.window, all)) {
      const binding = this.#table.get(address);
      if (!binding.pending && !isRequested) continue;
      const xid = this.#session.send(MESSAGE.BNDUPD, updateOptions(binding, partnerIsPortledger), now);
      this.#queue.sent(xid, binding, now.steady);
    }
    this.finish(now);
  }

  /** Sends UPDDONE if all requested updates are answered. */
  finish(now: Moment): void {
    const done = this.#session.isUp ? this.#queue.takeFinished() : undefined;
    if (done !== undefined) this.#session.answer(MESSAGE.UPDDONE, done, {}, now);
  }

  #decide(message: FailoverMessage, update: Update, now: Moment): void {
    const own = this.#table.get(update.address);
    const sent = this.#queue.inFlight(update.address);
    const { isPrimary, clockAhead } = this.#relationship;
    const context: JudgeContext = {
      isPrimary,
      now: secondsOf(now),
      inFlight: sent !== undefined,
      isOutdated: sent !== undefined && sent !== own,
      clockAhead,
    };
    const verdict = judge(own, update, context);
    if (verdict.kind === 'wait') this.#waiting.set(update.address, { message, update, until: verdict.until });
    else if (verdict.kind === 'refuse') {
      if (verdict.binding && verdict.binding !== own) this.change(verdict.binding, 'internal');
      this.#refuse(message, verdict, now);
    } else {
      this.#logConflict(own, verdict.binding, context.now);
      // At first contact come thousands of addresses that were never used. They need not be stored
      if (!isUnused(own) || !isUnused(verdict.binding)) this.change(verdict.binding, 'partner', update);
      this.#session.answer(MESSAGE.BNDACK, message.xid, { 'assigned-IP-address': update.address }, now);
      this.#shareOut(verdict.binding, now);
    }
  }

  /** The partner has acknowledged the binding. An ended lease becomes free. */
  #acknowledged(sent: Binding, now: Moment): void {
    if (isUnused(sent)) return;
    const isEnded = sent.status === 'EXPIRED' || sent.status === 'RELEASED' || sent.status === 'RESET';
    const status = isEnded ? 'FREE' : sent.status;
    const agreed: Binding = {
      ...sent,
      status,
      acknowledged: sent.promised,
      agreed: secondsOf(now),
      pending: false,
      rewind: null,
    };
    this.change(agreed, 'internal');
    this.#shareOut(agreed, now);
  }

  #rejected(sent: Binding, message: FailoverMessage, now: Moment): void {
    const code = message.options['reject-reason']!;
    const { address } = sent;
    if (this.#table.get(address) === sent && sent.pending) {
      this.#queue.park(address, FINAL.has(code) ? Number.POSITIVE_INFINITY : now.steady + RETRY);
    }
    if (code === REJECT.NOT_IN_POOL) {
      this.#logPoolsDiffer(address, 'the partner');
      return;
    }
    // Usual at first contact: both servers send all they have, and reject one of each two updates
    if (code === REJECT.LESS_CRITICAL) return;
    const reason = message.options.message || `reject reason ${code}`;
    this.#log('failover-update-rejected', { address: formatIpv4(address), status: sent.status, reason, code });
  }

  #refuse(message: FailoverMessage, { code, text }: Rejection, now: Moment): void {
    const address = message.options['assigned-IP-address'];
    const options = { 'reject-reason': code, message: text };
    const named = address === undefined ? options : { 'assigned-IP-address': address, ...options };
    this.#session.answer(MESSAGE.BNDACK, message.xid, named, now);
    if (code === REJECT.LESS_CRITICAL) return;
    const status = Object.entries(BINDING_STATUS).find(([, value]) => value === message.options['binding-status']);
    const shown = address === undefined ? 'none' : formatIpv4(address);
    this.#log('failover-update-refused', { address: shown, status: status?.[0] ?? 'unknown', reason: text, code });
  }

  #refuseUnknown(message: FailoverMessage, { address }: Update, now: Moment): void {
    const options = {
      'reject-reason': REJECT.NOT_IN_POOL,
      message: `${formatIpv4(address)} is in no pool of this pair`,
    };
    this.#session.answer(MESSAGE.BNDACK, message.xid, { 'assigned-IP-address': address, ...options }, now);
    this.#logPoolsDiffer(address, 'this server');
  }

  /** Logged once for each connection, as there may be thousands of such addresses. */
  #logPoolsDiffer(address: Ipv4, whose: 'this server' | 'the partner'): void {
    if (this.#arePoolsLogged) return;
    this.#arePoolsLogged = true;
    this.#log('failover-pools-differ', { address: formatIpv4(address), whose });
  }

  #logConflict(own: Binding, taken: Binding, now: number): void {
    const both = own.status === 'ACTIVE' && taken.status === 'ACTIVE' && own.ends > now && taken.ends > now;
    if (!both || sameHolder(own.holder, taken.holder)) return;
    const shown = ({ holder }: Binding) => formatHardwareAddress(Buffer.from(holder!.hwaddr, 'latin1'));
    this.#log('failover-conflict', { address: formatIpv4(own.address), kept: shown(taken), lost: shown(own) });
  }

  /** Gives an address that has just become free to the secondary if its last client is the secondary's. */
  #shareOut(binding: Binding, now: Moment): void {
    if (goesToSecondary(this.#relationship, binding))
      this.change(givenAway(binding, 'BACKUP', secondsOf(now)), 'internal');
  }
}
