import type { Ipv4 } from '../net/ipv4.js';
import type {
  BindingChange,
  FailoverApi,
  FailoverStatus,
  Grant,
  Input,
  LogOutput,
  Moment,
  OperatorCommand,
  Output,
  Refusal,
  RelationshipRecord,
  Silence,
} from './api.js';
import { balanceOf, givenAway, lacksAddresses, surplusAddresses } from './balance.js';
import type { Binding, Holder, Seconds } from './binding.js';
import { FLAG_STARTUP, MESSAGE, nameOf, SERVER_STATE } from './codes.js';
import { declined, expireDue, holdPartnersLeases, released } from './ending.js';
import { Exchange } from './exchange.js';
import { Greeting } from './greeting.js';
import { type MachineContext, type MachineInput, react, type Step, step, wantedUpdates } from './machine.js';
import type { FailoverMessage } from './message.js';
import { recordOf, sameRecord } from './record.js';
import { Relationship, secondsOf } from './relationship.js';
import {
  grantedBinding,
  leaseSeconds,
  mayAllocate,
  pick,
  refusesDiscover,
  refusesRequest,
  silenceOf,
} from './service.js';
import { Session } from './session.js';
import type { FailoverSettings } from './settings.js';
import { EXPIRING } from './states.js';
import { statusOf } from './status.js';

/** How long a starting server waits for its partner. */
const START = 15_000_000;
/** A question for addresses is looked into no more often than this. */
const POOLREQ_PAUSE = 1_000_000;

/** Addresses that change hands in one go. */
const BALANCE_LIMIT = 1000;

/** What an endpoint finds in the store when it starts. */
export interface Stored {
  /** Null if there is none: this server has no memory, or it is new. */
  readonly record: RelationshipRecord | null;
  readonly bindings: Iterable<Binding>;
}

/** One failover relationship. See {@link FailoverApi} for how it is used. */
export class FailoverEndpoint implements FailoverApi {
  readonly name: string;
  readonly #relationship: Relationship;
  readonly #session: Session;
  readonly #exchange: Exchange;
  readonly #greeting: Greeting;
  readonly #started: number;
  #outputs: Output[] = [];
  #storedRecord: RelationshipRecord | null;
  #storedMachine: Relationship['machine'];
  /** Number of the question for updates that the partner has not answered. */
  #asked: { xid: number; what: 'all' | 'pending' } | null = null;
  #lastContact: Seconds = 0;
  #nextBalance = 0;

  /** Takes time that grows with the pools. `version` is told to the partner. */
  constructor(settings: FailoverSettings, stored: Stored, now: Moment, version: string) {
    this.name = settings.name;
    this.#relationship = new Relationship(settings, stored.record, stored.bindings, now);
    this.#storedRecord = stored.record;
    this.#storedMachine = this.#relationship.machine;
    this.#started = now.steady;
    const log = (id: LogOutput['id'], fields: LogOutput['fields']) => this.#log(id, fields);
    this.#greeting = new Greeting(this.#relationship, version, log);
    this.#session = new Session(
      {
        isPrimary: this.#relationship.isPrimary,
        name: settings.name,
        maxResponseDelay: settings.maxResponseDelay,
        greeting: () => this.#greeting.options(),
        check: (message, moment) => this.#greeting.check(message, moment),
        onUp: (options, moment) => this.#onUp(options, moment),
        onDown: (reason, moment) => this.#onDown(reason, moment),
        onMessage: (message, moment) => this.#onMessage(message, moment),
      },
      (output) => this.#outputs.push(output),
    );
    this.#exchange = new Exchange(this.#relationship, this.#session, log);
  }

  handle(input: Input, now: Moment): void {
    switch (input.type) {
      case 'opened':
        this.#session.opened(input.link, now);
        break;
      case 'received':
        this.#session.received(input.link, input.bytes, now);
        break;
      case 'closed':
        this.#session.closed(input.link, now);
        break;
      case 'dial-failed':
        this.#session.dialFailed(now);
        break;
      case 'tick':
        this.#tick(now);
        break;
      case 'operator':
        this.#command(input.command, now);
        break;
    }
  }

  takeChanges(): BindingChange[] {
    return this.#exchange.takeChanges();
  }

  get isDirty(): boolean {
    return this.#outputs.length > 0 || this.#relationship.table.hasChanges || this.unsaved().record !== null;
  }

  unsaved(): { bindings: readonly Binding[]; record: RelationshipRecord | null } {
    const record = recordOf(this.#relationship);
    return {
      bindings: this.#relationship.table.changed(),
      record: sameRecord(record, this.#storedRecord) ? null : record,
    };
  }

  committed(now: Moment): Output[] {
    const { table, machine } = this.#relationship;
    const { record } = this.unsaved();
    if (record) this.#storedRecord = record;
    this.#storedMachine = machine;
    table.keep();
    this.#exchange.send(this.#sendsAll(), now);
    return this.#outputs.splice(0);
  }

  failed(now: Moment): Output[] {
    this.#outputs = this.#outputs.filter(({ type }) => type === 'close' || type === 'dial');
    this.#session.dropAll(now);
    this.#relationship.table.undo();
    this.#relationship.machine = this.#storedMachine;
    this.#exchange.forget();
    this.#move(step(this.#relationship.machine, { type: 'link-lost' }, this.#context(), secondsOf(now)), now);
    this.#asked = null;
    return this.#outputs.splice(0);
  }

  mark(): number {
    return this.#relationship.table.mark();
  }

  undo(mark: number): void {
    this.#relationship.table.undo(mark);
  }

  covers(address: Ipv4): boolean {
    return this.#relationship.table.covers(address);
  }

  binding(address: Ipv4): Binding {
    return this.#relationship.table.get(address);
  }

  silence(): Silence | undefined {
    return silenceOf(this.#relationship);
  }

  answersDiscover(key: string, secs: number): Refusal | undefined {
    return refusesDiscover(this.#relationship, key, secs);
  }

  mayAllocate(address: Ipv4, client: Holder | null, now: Moment): boolean {
    return mayAllocate(this.#relationship, this.binding(address), client, now);
  }

  mayServe(address: Ipv4, client: Holder, now: Moment): Refusal | undefined {
    return refusesRequest(this.#relationship, this.binding(address), client, now);
  }

  leaseSeconds(address: Ipv4, client: Holder, desired: number, now: Moment): number {
    return leaseSeconds(this.#relationship, this.binding(address), client, desired, now);
  }

  pick(pool: number, now: Moment): Ipv4 | undefined {
    return pick(this.#relationship, pool, now);
  }

  offered(address: Ipv4): void {
    this.#relationship.table.offered(address);
  }

  offerEnded(address: Ipv4): void {
    this.#relationship.table.offerEnded(address);
  }

  overAt(address: Ipv4): Seconds | undefined {
    return this.#expires() ? this.#relationship.overAt(this.binding(address)) : undefined;
  }

  granted(grant: Grant, now: Moment): void {
    this.#exchange.set(grantedBinding(this.#relationship, this.binding(grant.address), grant, now));
  }

  released(address: Ipv4, now: Moment): void {
    this.#exchange.set(released(this.binding(address), this.#session.isUp, secondsOf(now)));
  }

  declined(address: Ipv4, until: Seconds, now: Moment): void {
    this.#exchange.set(declined(this.binding(address), until, secondsOf(now)));
  }

  revoked(address: Ipv4, now: Moment): void {
    // RESET would be right, but a primary that is dhcpd refuses it for an active lease
    this.released(address, now);
  }

  status(): FailoverStatus {
    const { isUp } = this.#session;
    return statusOf(this.#relationship, { isUp, unacked: this.#exchange.unacked, lastContact: this.#lastContact });
  }

  #onUp(options: FailoverMessage['options'], now: Moment): void {
    this.#greeting.take(options);
    this.#asked = null;
    this.#exchange.restart();
    this.#log('failover-connected', { clockAhead: this.#relationship.clock.ahead });
    this.#tellState(now);
  }

  #onDown(reason: string, now: Moment): void {
    this.#log('failover-disconnected', { reason });
    this.#asked = null;
    this.#exchange.restart();
    this.#drive({ type: 'link-lost' }, now);
  }

  #onMessage(message: FailoverMessage, now: Moment): void {
    this.#lastContact = secondsOf(now);
    this.#relationship.clock.note(secondsOf(now) - message.time, now.steady);
    const { type } = message;
    if (type === MESSAGE.BNDUPD) this.#exchange.onUpdate(message, now);
    else if (type === MESSAGE.BNDACK) this.#exchange.onAnswer(message, now);
    else if (type === MESSAGE.UPDREQ || type === MESSAGE.UPDREQALL) this.#onRequest(message, now);
    else if (type === MESSAGE.UPDDONE) this.#onUpdatesDone(message, now);
    else if (type === MESSAGE.STATE) this.#onState(message, now);
    else if (type === MESSAGE.POOLREQ) this.#onPoolRequest(message, now);
    // CONTACT has done its work by coming; POOLRESP only counts the updates that follow
  }

  #onRequest(message: FailoverMessage, now: Moment): void {
    this.#log('failover-updates-requested', { what: message.type === MESSAGE.UPDREQALL ? 'all' : 'pending' });
    this.#exchange.onRequest(message, now);
  }

  #onState({ options }: FailoverMessage, now: Moment): void {
    const code = options['server-state'];
    const state = code === undefined ? undefined : nameOf(SERVER_STATE, code);
    if (state === undefined) {
      this.#session.giveUp(`the partner told a state that is not known: ${code}`, now);
      return;
    }
    const starting = ((options['server-flags'] ?? 0) & FLAG_STARTUP) !== 0;
    const since = options['start-time-of-state'] ?? 0;
    const { partnerState, partnerLostAt } = this.#relationship.machine;
    if (state !== partnerState) this.#log('failover-partner-state', { from: partnerState ?? 'unknown', to: state });
    this.#drive({ type: 'partner-state', state, since, starting }, now);
    if (this.#relationship.machine.partnerLostAt === partnerLostAt) return;
    const count = holdPartnersLeases(this.#relationship, this.#exchange, now);
    this.#log('failover-partner-lost-memory', { count });
  }

  #onUpdatesDone(message: FailoverMessage, now: Moment): void {
    if (this.#asked?.xid !== message.xid) return;
    this.#asked = null;
    this.#log('failover-updates-done', {});
    this.#drive({ type: 'updates-done' }, now);
  }

  #onPoolRequest(message: FailoverMessage, now: Moment): void {
    const isIdle = now.steady >= this.#nextBalance - this.#relationship.settings.minBalance * 1_000_000 + POOLREQ_PAUSE;
    const moved = isIdle && this.#isNormal() ? this.#balance(now) : 0;
    this.#session.answer(MESSAGE.POOLRESP, message.xid, { 'addresses-transferred': moved }, now);
  }

  #tick(now: Moment): void {
    this.#session.tick(now);
    const { machine } = this.#relationship;
    if (machine.starting && now.steady - this.#started >= START) this.#drive({ type: 'start-over' }, now);
    this.#drive({ type: 'tick' }, now);
    if (this.#expires()) expireDue(this.#relationship, this.#exchange, this.#session.isUp, now);
    if (this.#session.isUp) this.#exchange.tick(now);
    if (this.#isNormal() && now.steady >= this.#nextBalance) this.#balanceByTime(now);
  }

  #command(command: OperatorCommand, now: Moment): void {
    const { refusal } = this.#drive({ type: 'operator', command }, now);
    if (refusal) this.#log('failover-command-refused', { command, reason: refusal });
  }

  /** Moves the machine, and goes on until the table has no further move for what both are in. */
  #drive(input: MachineInput, now: Moment): Step {
    const first = step(this.#relationship.machine, input, this.#context(), secondsOf(now));
    this.#move(first, now);
    let next: Step;
    do {
      next = react(this.#relationship.machine, secondsOf(now));
      this.#move(next, now);
    } while (next.reason !== undefined);
    this.#askForUpdates(now);
    return first;
  }

  #move({ machine, reason }: Step, now: Moment): void {
    const before = this.#relationship.machine;
    this.#relationship.machine = machine;
    const isMoved = before.state !== machine.state;
    if (isMoved) this.#log('failover-state', { from: before.state, to: machine.state, reason: reason ?? '' });
    if ((isMoved || before.starting !== machine.starting) && this.#session.isUp) this.#tellState(now);
    if (isMoved && machine.state === 'NORMAL') this.#balance(now);
  }

  #tellState(now: Moment): void {
    const { state, starting, since } = this.#relationship.machine;
    const options = {
      'server-state': SERVER_STATE[state],
      'server-flags': starting ? FLAG_STARTUP : 0,
      'start-time-of-state': since,
    };
    this.#session.send(MESSAGE.STATE, options, now);
  }

  #askForUpdates(now: Moment): void {
    const what = this.#session.isUp
      ? wantedUpdates(this.#relationship.machine, this.#relationship.settings.role)
      : null;
    if (what === (this.#asked?.what ?? null)) return;
    this.#asked = null;
    if (what === null) return;
    const type = what === 'all' ? MESSAGE.UPDREQALL : MESSAGE.UPDREQ;
    this.#asked = { xid: this.#session.send(type, {}, now), what };
  }

  /** Gives the partner what this server has too many of. Returns how many. */
  #balance(now: Moment): number {
    const { settings, partnerFree } = this.#relationship;
    this.#nextBalance = now.steady + settings.minBalance * 1_000_000;
    let moved = 0;
    for (const [pool] of settings.pools.entries()) {
      for (const address of surplusAddresses(this.#relationship, pool)) {
        if (moved === BALANCE_LIMIT) {
          // The rest with the next tick: nobody waits long for this
          this.#nextBalance = now.steady;
          break;
        }
        this.#exchange.change(givenAway(this.binding(address), partnerFree, secondsOf(now)), 'internal');
        moved += 1;
      }
    }
    if (moved > 0) this.#log('failover-balanced', { moved });
    return moved;
  }

  #balanceByTime(now: Moment): void {
    this.#balance(now);
    const { settings } = this.#relationship;
    const lacks = settings.pools.some((_, pool) => lacksAddresses(balanceOf(this.#relationship, pool)));
    if (lacks) this.#session.send(MESSAGE.POOLREQ, {}, now);
  }

  /** True if the partner is told of every change, and not only of what it asks for. */
  #sendsAll(): boolean {
    const { state, starting, partnerState } = this.#relationship.machine;
    if (starting) return false;
    const recovers = partnerState === 'RECOVER' || partnerState === 'RECOVER-WAIT' || partnerState === 'RECOVER-DONE';
    return this.#isNormal() || (state === 'PARTNER-DOWN' && recovers);
  }

  #isNormal(): boolean {
    const { state, heard, starting } = this.#relationship.machine;
    return state === 'NORMAL' && heard && !starting;
  }

  /** True if it is this server's to see to the end of leases. */
  #expires(): boolean {
    const { state, starting } = this.#relationship.machine;
    if (starting || !EXPIRING.has(state)) return false;
    return state !== 'NORMAL' || this.#relationship.isPrimary;
  }

  #context(): MachineContext {
    const { settings, mclt, table } = this.#relationship;
    return { role: settings.role, mclt, autoPartnerDown: settings.autoPartnerDown, hasPast: () => table.hasPast };
  }

  #log(id: LogOutput['id'], fields: LogOutput['fields']): void {
    this.#outputs.push({ type: 'log', id, fields: { name: this.name, ...fields } });
  }
}
