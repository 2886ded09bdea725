import { FLAG_STARTUP, MESSAGE, nameOf, SERVER_STATE } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type { FailoverLog, Moment, OperatorCommand } from './api.js';
import { assumePartnersLeases } from './ending.js';
import type { Exchange } from './exchange.js';
import { type MachineInput, react, step, wantedUpdates } from './machine.js';
import type { Machine, MachineContext, Step } from './machine-state.js';
import { type Relationship, secondsOf } from './relationship.js';
import type { Session } from './session.js';

/** How long a starting server waits for its partner. Microseconds. */
const START = 15_000_000;
/** A partner that has sent no requested update for so long counts as stuck. Microseconds. */
const STUCK = 20_000_000;

interface Parts {
  readonly relationship: Relationship;
  readonly session: Session;
  readonly exchange: Exchange;
  readonly log: FailoverLog;
  /** This server entered NORMAL. */
  readonly onNormal: (now: Moment) => void;
}

/** Feeds the state machine, and does what follows from its state: sends it to the partner, requests updates, logs. */
export class StateController {
  readonly #parts: Parts;
  readonly #started: number;
  /** {@link #started} by the wall clock, in seconds. */
  readonly #startedAt: number;
  /** The UPDREQ or UPDREQALL that was sent in the present state. */
  #request: { readonly xid: number; readonly what: 'all' | 'pending'; readonly at: number } | null = null;
  /** True if a stuck partner was roused on this connection. */
  #isRoused = false;

  constructor(parts: Parts, now: Moment) {
    this.#parts = parts;
    this.#started = now.steady;
    this.#startedAt = secondsOf(now);
  }

  get #machine(): Machine {
    return this.#parts.relationship.machine;
  }

  /** A connection is set up. */
  onUp(now: Moment): void {
    this.#request = null;
    this.#isRoused = false;
    this.#sendState(now);
  }

  onDown(now: Moment): void {
    this.#request = null;
    this.#drive({ type: 'link-lost' }, now);
  }

  onState({ options }: FailoverMessage, now: Moment): void {
    const code = options['server-state'];
    const state = code === undefined ? undefined : nameOf(SERVER_STATE, code);
    if (state === undefined) {
      this.#parts.session.giveUp(`the partner sent an unknown state: ${code}`, now);
      return;
    }
    const starting = ((options['server-flags'] ?? 0) & FLAG_STARTUP) !== 0;
    const since = options['start-time-of-state'] ?? 0;
    const before = this.#machine;
    const { partnerState } = before;
    if (state !== partnerState)
      this.#parts.log('failover-partner-state', { from: partnerState ?? 'unknown', to: state });
    this.#drive({ type: 'partner-state', state, since, starting }, now);
    if (this.#machine.partnerLostAt === before.partnerLostAt) return;
    const count = assumePartnersLeases(this.#parts.relationship, this.#parts.exchange, servedUntil(before, now), now);
    // A partner that was never heard before has lost nothing that matters here
    if (count > 0 || partnerState !== null) this.#parts.log('failover-partner-lost-memory', { count });
  }

  onUpdatesDone(message: FailoverMessage, now: Moment): void {
    if (this.#request?.xid !== message.xid) return;
    this.#request = null;
    this.#parts.log('failover-updates-done', {});
    this.#drive({ type: 'updates-done' }, now);
  }

  tick(now: Moment): void {
    if (this.#machine.starting && now.steady - this.#started >= START) this.#drive({ type: 'start-over' }, now);
    this.#drive({ type: 'tick' }, now);
    if (this.#isStuck(now)) this.#rouse(now);
  }

  /**
   * True if a dhcpd in PARTNER-DOWN is stuck: updates that were lost with a connection still fill its window, and
   * it resends them only after it has left that state. A server that lost its stored state waits for MCLT first.
   */
  #isStuck(now: Moment): boolean {
    const { state, partnerState, lostAt } = this.#machine;
    const { partnerIsPortledger, mclt } = this.#parts.relationship;
    if (
      state !== 'RECOVER' ||
      partnerState !== 'PARTNER-DOWN' ||
      partnerIsPortledger ||
      this.#isRoused ||
      !this.#request
    )
      return false;
    const silence = now.steady - Math.max(this.#request.at, this.#parts.exchange.lastUpdate);
    return silence >= STUCK && (lostAt === 0 || secondsOf(now) > lostAt + mclt.longest(secondsOf(now)));
  }

  /** Makes the partner go to NORMAL and send the updates. Until then this server stays in RECOVER and answers no client. */
  #rouse(now: Moment): void {
    this.#isRoused = true;
    this.#parts.log('failover-partner-roused', {});
    this.#sendState(now, 'RECOVER-DONE');
  }

  command(command: OperatorCommand, now: Moment): void {
    const { refusal } = this.#drive({ type: 'operator', command }, now);
    if (refusal) this.#parts.log('failover-command-refused', { command, reason: refusal });
  }

  /** One step of the machine, then further ones until the table has none for the states of both servers. */
  #drive(input: MachineInput, now: Moment): Step {
    const first = step(this.#machine, input, this.#context(now), secondsOf(now));
    this.#move(first, now);
    let next: Step;
    do {
      next = react(this.#machine, this.#context(now), secondsOf(now));
      this.#move(next, now);
    } while (next.reason !== undefined);
    this.#requestUpdates(now);
    return first;
  }

  #move({ machine, reason }: Step, now: Moment): void {
    const before = this.#machine;
    this.#parts.relationship.machine = machine;
    const isMoved = before.state !== machine.state;
    const { state: to } = machine;
    if (isMoved) this.#parts.log('failover-state', { from: before.state, to, reason: reason ?? '' });
    else if (before.starting && !machine.starting) {
      this.#parts.log('failover-state', { from: 'STARTUP', to, reason: reason ?? endOfStart(machine) });
    }
    if ((isMoved || before.starting !== machine.starting) && this.#parts.session.isUp) this.#sendState(now);
    if (isMoved && machine.state === 'NORMAL') this.#parts.onNormal(now);
  }

  #sendState(now: Moment, state = this.#machine.state): void {
    const { starting, since } = this.#machine;
    const options = {
      'server-state': SERVER_STATE[state],
      'server-flags': starting ? FLAG_STARTUP : 0,
      'start-time-of-state': since,
    };
    this.#parts.session.send(MESSAGE.STATE, options, now);
  }

  #requestUpdates(now: Moment): void {
    const what = this.#parts.session.isUp ? wantedUpdates(this.#machine, this.#parts.relationship.settings.role) : null;
    if (what === (this.#request?.what ?? null)) return;
    this.#request = null;
    if (what === null) return;
    const type = what === 'all' ? MESSAGE.UPDREQALL : MESSAGE.UPDREQ;
    this.#request = { xid: this.#parts.session.send(type, {}, now), what, at: now.steady };
  }

  #context(now: Moment): MachineContext {
    const { settings, mclt, table, partnerIsPortledger } = this.#parts.relationship;
    const { role, autoPartnerDown } = settings;
    const longest = mclt.longest(secondsOf(now));
    return {
      role,
      mclt: longest,
      autoPartnerDown,
      started: this.#startedAt,
      partnerAsks: partnerIsPortledger,
      hasPast: () => table.hasPast,
    };
  }
}

/** Until when a partner that lost its stored state may have given leases without contact, as far as this server knows. */
function servedUntil({ state, since, partnerState }: Machine, now: Moment): number {
  if (partnerState === null) return 0;
  return state === 'PARTNER-DOWN' ? since : secondsOf(now);
}

/** Why a starting server enters its stored state. */
function endOfStart({ heard, partnerState }: Machine): string {
  return heard ? `partner is in ${partnerState}` : 'partner not heard at the start';
}
