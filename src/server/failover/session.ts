import { messageOf } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import { MESSAGE, type MessageType, REJECT } from '../../protocol/failover/codes.js';
import { FailoverWireError } from '../../protocol/failover/errors.js';
import { Framer } from '../../protocol/failover/framer.js';
import { decodeMessage, encodeMessage, type FailoverMessage } from '../../protocol/failover/message.js';
import type { OptionValues } from '../../protocol/failover/options.js';
import type { LinkId, LogOutput, Moment, Output } from './api.js';
import type { Rejection } from './binding-update.js';
import { secondsOf } from './relationship.js';

/** Time to get from a TCP connection to CONNECTACK. */
const HANDSHAKE: Micros = 15 * MICROS_PER_SECOND;
/** Time between attempts to connect. */
const REDIAL: Micros = 5 * MICROS_PER_SECOND;
/** Assumed for a partner that does not announce it. */
const DEFAULT_MAX_UNACKED = 10;
/** Ticks come every second. If two are further apart, this process did not run or its clock was set. */
const PAUSE: Micros = 3 * MICROS_PER_SECOND;
/** CONTACT messages in the time after which the partner gives up. */
const CONTACTS = 3;

interface Link {
  readonly id: LinkId;
  readonly framer: Framer;
  readonly opened: Micros;
  xid: number;
  lastSent: Micros;
  lastReceived: Micros;
  maxUnacked: number;
  /** The partner's, in seconds. */
  receiveTimer: number;
}

/** The callbacks and settings that a session needs. */
export interface SessionOwner {
  readonly isPrimary: boolean;
  readonly name: string;
  /** Seconds of silence after which a connection counts as lost. */
  readonly maxResponseDelay: number;
  /** Options of this server's CONNECT or CONNECTACK. */
  connectOptions(): OptionValues;
  /** Checks the partner's CONNECT (at the secondary) or CONNECTACK. Returns why it is rejected, if it is. */
  check(message: FailoverMessage, now: Moment): Rejection | undefined;
  /** The connection is set up. */
  onUp(connect: FailoverMessage, now: Moment): void;
  /** The partner refused the connection. */
  onRefused(code: number, message: FailoverMessage, now: Moment): void;
  onDown(reason: string, now: Moment): void;
  onMessage(message: FailoverMessage, now: Moment): void;
}

/** Most updates sent without an answer, whatever the partner allows: more would not fit into a socket's buffer. */
const WINDOW = 1000;

/** The connection with the partner, from dialling to its loss: handshake, xids and timers. No I/O. */
export class Session {
  readonly #owner: SessionOwner;
  readonly #put: (output: Output) => void;
  readonly #candidates = new Map<LinkId, Link>();
  #link: Link | null = null;
  #isDialling = false;
  #nextDial: Micros = 0;
  #ticked: Micros = Number.POSITIVE_INFINITY;

  constructor(owner: SessionOwner, put: (output: Output) => void) {
    this.#owner = owner;
    this.#put = put;
  }

  get isUp(): boolean {
    return this.#link !== null;
  }

  /** How many updates may be unanswered. */
  get window(): number {
    return Math.max(1, Math.min(this.#link?.maxUnacked ?? 0, WINDOW));
  }

  /** A TCP connection was established. Only the primary sends CONNECT, whichever side dialled. */
  opened(id: LinkId, now: Moment): void {
    this.#isDialling = false;
    const link = newLink(id, now);
    this.#candidates.set(id, link);
    if (this.#link && this.#owner.isPrimary) this.#end(link);
    else if (this.#owner.isPrimary) this.#write(link, MESSAGE.CONNECT, this.#owner.connectOptions(), now);
  }

  received(id: LinkId, bytes: Uint8Array, now: Moment): void {
    const link = this.#find(id);
    if (!link) return;
    try {
      for (const frame of link.framer.push(bytes)) {
        if (this.#find(id)) this.#take(link, decodeMessage(frame), now);
      }
    } catch (error) {
      // Any other error is a fault of this program and must not look like one of the partner
      const whose = error instanceof FailoverWireError ? '' : 'fault of this server: ';
      this.#break(link, `${whose}${messageOf(error)}`, now);
    }
  }

  closed(id: LinkId, now: Moment): void {
    const link = this.#find(id);
    if (!link) return;
    const early = link !== this.#link;
    this.#candidates.delete(id);
    if (!early) this.#down('the partner closed the connection', now);
    else if (!this.#link) {
      const what = this.#owner.isPrimary
        ? 'it answered CONNECT'
        : 'it sent CONNECT: it may be a secondary as well, or have another peer-address';
      this.#log('failover-disconnected', `the partner closed it before ${what}`);
    }
    this.#scheduleDial(now);
  }

  dialFailed(now: Moment): void {
    this.#isDialling = false;
    this.#scheduleDial(now);
  }

  /** Sends a message with a new xid, which is returned. */
  send(type: MessageType, options: OptionValues, now: Moment): number {
    return this.#write(this.#link!, type, options, now);
  }

  /** Sends the answer to the message with this xid. */
  answer(type: MessageType, xid: number, options: OptionValues, now: Moment): void {
    this.#write(this.#link!, type, options, now, xid);
  }

  /** Ends the connection. The reason is logged. */
  giveUp(reason: string, now: Moment): void {
    if (this.#link) this.#break(this.#link, reason, now);
  }

  /** Ends all connections without a message. */
  dropAll(now: Moment): void {
    for (const link of [...this.#candidates.values(), ...(this.#link ? [this.#link] : [])]) this.#end(link);
    this.#scheduleDial(now);
  }

  tick(now: Moment): void {
    const link = this.#link;
    const pause = now.steady - this.#ticked;
    this.#ticked = now.steady;
    // The partner was not silent during a pause: what it sent is still unread
    if (link && pause > PAUSE) link.lastReceived = Math.min(link.lastReceived + pause, now.steady);
    if (link) this.#keepAlive(link, now);
    for (const candidate of this.#candidates.values()) {
      if (now.steady - candidate.opened >= HANDSHAKE) this.#break(candidate, this.#silence, now);
    }
    if (this.#link || this.#candidates.size > 0 || this.#isDialling || now.steady < this.#nextDial) return;
    this.#isDialling = true;
    this.#put({ type: 'dial' });
  }

  get #silence(): string {
    if (this.#owner.isPrimary) return 'no answer to CONNECT in 15 s';
    return 'no CONNECT in 15 s: only a primary sends it, so one of the two servers must be primary';
  }

  #keepAlive(link: Link, now: Moment): void {
    const silence = now.steady - link.lastReceived;
    if (silence >= this.#owner.maxResponseDelay * MICROS_PER_SECOND) {
      this.#break(link, `the partner was silent for ${this.#owner.maxResponseDelay} s`, now);
    } else if (now.steady - link.lastSent >= (link.receiveTimer * MICROS_PER_SECOND) / CONTACTS) {
      this.#write(link, MESSAGE.CONTACT, {}, now);
    }
  }

  #take(link: Link, message: FailoverMessage, now: Moment): void {
    const { type } = message;
    link.lastReceived = now.steady;
    const isHandshake = type === MESSAGE.CONNECT || type === MESSAGE.CONNECTACK;
    if (type === MESSAGE.DISCONNECT) this.#onRefused(link, message, now);
    else if (link !== this.#link) this.#onHandshake(link, message, now);
    else if (isHandshake) this.#break(link, 'a second handshake on one connection', now);
    else this.#owner.onMessage(message, now);
  }

  #onHandshake(link: Link, message: FailoverMessage, now: Moment): void {
    const { isPrimary } = this.#owner;
    const expected = isPrimary ? MESSAGE.CONNECTACK : MESSAGE.CONNECT;
    if (isPrimary && message.type === MESSAGE.CONNECT)
      this.#break(
        link,
        'the partner is a primary as well: one of the two servers must be secondary',
        now,
        'failover-refused',
      );
    else if (message.type !== expected) this.#break(link, `message type ${message.type} before the handshake`, now);
    // Both servers dialled. The older connection stays
    else if (this.#link) this.#end(link);
    else if (isPrimary && message.options['reject-reason']) this.#onRefused(link, message, now);
    else {
      const rejection = this.#owner.check(message, now);
      if (rejection) this.#refuse(link, message, rejection, now);
      else this.#setUp(link, message, now);
    }
  }

  #setUp(link: Link, message: FailoverMessage, now: Moment): void {
    const { options, xid } = message;
    this.#candidates.delete(link.id);
    this.#link = link;
    link.maxUnacked = options['max-unacked-bndupd'] ?? DEFAULT_MAX_UNACKED;
    link.receiveTimer = options['receive-timer'] || this.#owner.maxResponseDelay;
    if (!this.#owner.isPrimary) this.answer(MESSAGE.CONNECTACK, xid, this.#owner.connectOptions(), now);
    this.#owner.onUp(message, now);
  }

  /** The partner refused this connection. */
  #onRefused(link: Link, message: FailoverMessage, now: Moment): void {
    const { options } = message;
    const code = options['reject-reason'] ?? 0;
    const reason = options.message || `reject reason ${code}`;
    if (code !== 0) {
      this.#owner.onRefused(code, message, now);
      this.#put({ type: 'log', id: 'failover-refused-by-partner', fields: { name: this.#owner.name, reason, code } });
    }
    const wasUp = link === this.#link;
    this.#end(link);
    if (wasUp) this.#down(`the partner ended it: ${reason}`, now);
    this.#scheduleDial(now);
  }

  /** Refuses a connection, and sends the reason before it ends. */
  #refuse(link: Link, message: FailoverMessage, { code, text }: Rejection, now: Moment): void {
    const options: OptionValues = { ...this.#owner.connectOptions(), 'reject-reason': code, message: text };
    if (code === REJECT.INVALID_PARTNER) {
      delete options['max-unacked-bndupd'];
      delete options['receive-timer'];
    }
    if (this.#owner.isPrimary) this.#write(link, MESSAGE.DISCONNECT, options, now);
    else this.#write(link, MESSAGE.CONNECTACK, options, now, message.xid);
    this.#end(link);
    this.#scheduleDial(now);
  }

  /** Ends a faulty connection, with one log message. */
  #break(link: Link, reason: string, now: Moment, id: LogOutput['id'] = 'failover-broken-message'): void {
    const wasUp = link === this.#link;
    this.#end(link);
    if (wasUp) this.#down(reason, now);
    else this.#log(id, reason);
    this.#scheduleDial(now);
  }

  #down(reason: string, now: Moment): void {
    this.#link = null;
    this.#owner.onDown(reason, now);
  }

  #end(link: Link): void {
    this.#candidates.delete(link.id);
    if (this.#link === link) this.#link = null;
    this.#put({ type: 'close', link: link.id });
  }

  #write(link: Link, type: MessageType, options: OptionValues, now: Moment, answerTo?: number): number {
    const xid = answerTo ?? link.xid++;
    link.lastSent = now.steady;
    const bytes = encodeMessage({ type, time: secondsOf(now), xid, options });
    this.#put({ type: 'send', link: link.id, bytes });
    return xid;
  }

  #scheduleDial(now: Moment): void {
    this.#nextDial = now.steady + REDIAL;
  }

  #find(id: LinkId): Link | undefined {
    return this.#link?.id === id ? this.#link : this.#candidates.get(id);
  }

  #log(id: LogOutput['id'], reason: string): void {
    this.#put({ type: 'log', id, fields: { name: this.#owner.name, reason } });
  }
}

function newLink(id: LinkId, now: Moment): Link {
  return {
    id,
    framer: new Framer(),
    opened: now.steady,
    xid: 0,
    lastSent: now.steady,
    lastReceived: now.steady,
    maxUnacked: DEFAULT_MAX_UNACKED,
    receiveTimer: 0,
  };
}
