import type { Ipv4 } from '../../net/ipv4.js';
import { MESSAGE } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type {
  BindingChange,
  FailoverApi,
  FailoverLog,
  FailoverStatus,
  Grant,
  Input,
  LogOutput,
  Moment,
  Output,
  Refusal,
  RelationshipRecord,
  Silence,
  Withholding,
} from './api.js';
import { Balancer } from './balancer.js';
import type { Binding, Holder, Seconds } from './binding.js';
import { declined, expireDue, released } from './ending.js';
import { Exchange } from './exchange.js';
import { Handshake } from './handshake.js';
import { CLOCK_LIMIT } from './judge.js';
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
  withholdingOf,
} from './service.js';
import { Session } from './session.js';
import type { FailoverSettings } from './settings.js';
import { StateController } from './state-controller.js';
import { statusOf } from './status.js';

/** The stored state of an endpoint. */
export interface Stored {
  /** Null if this server is new or has lost its stored state. */
  readonly record: RelationshipRecord | null;
  readonly bindings: Iterable<Binding>;
}

/** One failover relationship. See {@link FailoverApi} for how it is used. */
export class FailoverEndpoint implements FailoverApi {
  readonly name: string;
  readonly #relationship: Relationship;
  readonly #session: Session;
  readonly #exchange: Exchange;
  readonly #handshake: Handshake;
  readonly #states: StateController;
  readonly #balancer: Balancer;
  #outputs: Output[] = [];
  #storedRecord: RelationshipRecord | null;
  #storedMachine: Relationship['machine'];
  #lastContact: Seconds = 0;

  /** Time grows with the pools. `version` is sent to the partner. */
  constructor(settings: FailoverSettings, stored: Stored, now: Moment, version: string) {
    this.name = settings.name;
    this.#relationship = new Relationship(settings, stored.record, stored.bindings, now);
    this.#storedRecord = stored.record;
    this.#storedMachine = this.#relationship.machine;
    const log: FailoverLog = (id, fields) => this.#log(id, fields);
    this.#handshake = new Handshake(this.#relationship, version, log);
    this.#session = new Session(
      {
        isPrimary: this.#relationship.isPrimary,
        name: settings.name,
        maxResponseDelay: settings.maxResponseDelay,
        connectOptions: () => this.#handshake.options(),
        check: (message, moment) => this.#handshake.check(message, moment),
        onUp: (message, moment) => this.#onUp(message, moment),
        onRefused: (code, message, moment) => this.#handshake.refused(code, message, moment),
        onDown: (reason, moment) => this.#onDown(reason, moment),
        onMessage: (message, moment) => this.#onMessage(message, moment),
      },
      (output) => this.#outputs.push(output),
    );
    this.#exchange = new Exchange(this.#relationship, this.#session, log);
    this.#balancer = new Balancer(this.#relationship, this.#session, this.#exchange, log);
    const parts = { relationship: this.#relationship, session: this.#session, exchange: this.#exchange, log };
    this.#states = new StateController({ ...parts, onNormal: (moment) => void this.#balancer.balance(moment) }, now);
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
        this.#states.command(input.command, now);
        break;
    }
  }

  takeChanges(): BindingChange[] {
    return this.#exchange.takeChanges();
  }

  get isDirty(): boolean {
    if (this.#outputs.length > 0 || this.#relationship.table.hasChanges) return true;
    return this.#exchange.hasMore(this.#relationship.sendsAll) || this.#changedRecord() !== null;
  }

  unsaved(): { bindings: readonly Binding[]; record: RelationshipRecord | null } {
    return { bindings: this.#relationship.table.changed(), record: this.#changedRecord() };
  }

  committed(now: Moment): Output[] {
    const { table, machine } = this.#relationship;
    this.#storedRecord = this.#changedRecord() ?? this.#storedRecord;
    this.#storedMachine = machine;
    table.commit();
    this.#exchange.send(this.#relationship.sendsAll, now);
    return this.#outputs.splice(0);
  }

  failed(now: Moment): Output[] {
    this.#outputs = this.#outputs.filter(({ type }) => type === 'close' || type === 'dial');
    this.#session.dropAll(now);
    this.#relationship.table.rollback();
    this.#relationship.machine = this.#storedMachine;
    this.#exchange.forget(now);
    this.#states.onDown(now);
    return this.#outputs.splice(0);
  }

  savepoint(): number {
    return this.#relationship.table.savepoint();
  }

  rollback(savepoint: number): void {
    this.#relationship.table.rollback(savepoint);
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

  withholds(now: Moment): Withholding | undefined {
    return withholdingOf(this.#relationship, now);
  }

  refusalOfDiscover(key: string, secs: number): Refusal | undefined {
    return refusesDiscover(this.#relationship, key, secs);
  }

  mayAllocate(address: Ipv4, client: Holder | null, now: Moment): boolean {
    return mayAllocate(this.#relationship, this.binding(address), client, now);
  }

  refusalToServe(address: Ipv4, client: Holder, now: Moment): Refusal | undefined {
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

  granted(grant: Grant, now: Moment): void {
    const before = this.binding(grant.address);
    this.#exchange.set(grantedBinding(this.#relationship, before, grant, this.#session.isUp, now));
  }

  released(address: Ipv4, now: Moment): void {
    this.#exchange.set(released(this.binding(address), this.#session.isUp, secondsOf(now)));
  }

  declined(address: Ipv4, until: Seconds, now: Moment): void {
    this.#exchange.set(declined(this.binding(address), until, secondsOf(now)));
  }

  revoked(address: Ipv4, now: Moment): void {
    // RESET would be right, but a primary that is dhcpd rejects it for an active lease
    this.released(address, now);
  }

  status(): FailoverStatus {
    const { isUp } = this.#session;
    const { unacked } = this.#exchange;
    const clockAhead = this.#handshake.clockRefused ?? this.#relationship.clock.measured;
    return statusOf(this.#relationship, { isUp, unacked, lastContact: this.#lastContact, clockAhead });
  }

  #changedRecord(): RelationshipRecord | null {
    const record = recordOf(this.#relationship);
    return sameRecord(record, this.#storedRecord) ? null : record;
  }

  #onUp(message: FailoverMessage, now: Moment): void {
    this.#hear(message, now);
    this.#handshake.accept(message.options, now);
    this.#exchange.restart(now);
    this.#log('failover-connected', { clockAhead: this.#relationship.clock.ahead });
    this.#states.onUp(now);
  }

  #onDown(reason: string, now: Moment): void {
    this.#log('failover-disconnected', { reason });
    this.#exchange.restart(now);
    this.#states.onDown(now);
  }

  #onMessage(message: FailoverMessage, now: Moment): void {
    this.#hear(message, now);
    const { type } = message;
    if (type === MESSAGE.BNDUPD) this.#exchange.onUpdate(message, now);
    else if (type === MESSAGE.BNDACK) this.#exchange.onAnswer(message, now);
    else if (type === MESSAGE.UPDREQ || type === MESSAGE.UPDREQALL) this.#onRequest(message, now);
    else if (type === MESSAGE.UPDDONE) this.#states.onUpdatesDone(message, now);
    else if (type === MESSAGE.STATE) this.#states.onState(message, now);
    else if (type === MESSAGE.POOLREQ) this.#balancer.onRequest(message, now);
    // CONTACT needs no handling; POOLRESP only counts the updates that follow
  }

  #hear(message: FailoverMessage, now: Moment): void {
    this.#lastContact = secondsOf(now);
    this.#relationship.clock.note(secondsOf(now) - message.time, now.steady);
  }

  /** Ends the connection if a clock was set meanwhile. The next handshake reports the difference. */
  #checkClocks(now: Moment): void {
    const { measured } = this.#relationship.clock;
    if (measured === null || Math.abs(measured) <= CLOCK_LIMIT || !this.#session.isUp) return;
    this.#log('failover-clocks-differ', { seconds: measured });
    this.#relationship.clock.forget();
    this.#session.giveUp(`the clocks differ by ${Math.abs(measured)} s`, now);
  }

  #onRequest(message: FailoverMessage, now: Moment): void {
    this.#log('failover-updates-requested', { what: message.type === MESSAGE.UPDREQALL ? 'all' : 'pending' });
    this.#exchange.onRequest(message, now);
  }

  #tick(now: Moment): void {
    this.#checkClocks(now);
    this.#session.tick(now);
    this.#states.tick(now);
    const mayExpire = this.#relationship.expires && (!this.#session.isUp || this.#exchange.partnerCaughtUp(now));
    if (mayExpire) expireDue(this.#relationship, this.#exchange, this.#session.isUp, now);
    if (this.#session.isUp) this.#exchange.tick(now);
    this.#balancer.tick(now);
  }

  #log(id: LogOutput['id'], fields: LogOutput['fields']): void {
    this.#outputs.push({ type: 'log', id, fields: { name: this.name, ...fields } });
  }
}
