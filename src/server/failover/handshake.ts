import { MESSAGE, REJECT } from '../../protocol/failover/codes.js';
import type { FailoverMessage } from '../../protocol/failover/message.js';
import type { OptionValues } from '../../protocol/failover/options.js';
import type { FailoverLog, Moment } from './api.js';
import type { Rejection } from './binding-update.js';
import { CLOCK_LIMIT } from './judge.js';
import { type Relationship, secondsOf } from './relationship.js';

const PROTOCOL_VERSION = 1;
/** Vendor class of this program, followed by its version. */
const VENDOR = 'portledger-';
/** Value of TLS-request: none. */
const NO_TLS = 0;

/** A name as latin1 octets of its UTF-8, as dhcpd sends it. */
function toWire(name: string): string {
  return Buffer.from(name).toString('latin1');
}

/** CONNECT and CONNECTACK: what the servers announce to each other, and whether they can be a pair. */
export class Handshake {
  readonly #relationship: Relationship;
  readonly #version: string;
  readonly #log: FailoverLog;

  #clockRefused: number | null = null;

  constructor(relationship: Relationship, version: string, log: FailoverLog) {
    this.#relationship = relationship;
    this.#version = version;
    this.#log = log;
  }

  /** Seconds by which this clock is ahead, if the last connection was refused for that; else null. */
  get clockRefused(): number | null {
    return this.#clockRefused;
  }

  /** Options of the own CONNECT (primary) or CONNECTACK (secondary). */
  options(): OptionValues {
    const { settings, mclt, hba, isPrimary } = this.#relationship;
    const common: OptionValues = {
      'relationship-name': toWire(settings.name),
      'max-unacked-bndupd': settings.maxUnackedUpdates,
      'receive-timer': settings.maxResponseDelay,
      'vendor-class-identifier': `${VENDOR}${this.#version}`,
      'protocol-version': PROTOCOL_VERSION,
    };
    if (!isPrimary) return common;
    return { ...common, 'TLS-request': NO_TLS, MCLT: mclt.announced, ...(hba && { 'hash-bucket-assignment': hba }) };
  }

  /** Returns and logs why the two servers cannot be a pair; undefined if they can. */
  check(message: FailoverMessage, now: Moment): Rejection | undefined {
    const { settings, isPrimary } = this.#relationship;
    const name = message.options['relationship-name'];
    if (name !== toWire(settings.name))
      return this.#refuse(REJECT.INVALID_PARTNER, `unknown relationship "${name ?? ''}"`);
    const ahead = secondsOf(now) - message.time;
    if (Math.abs(ahead) > CLOCK_LIMIT) {
      this.#clockRefused = ahead;
      this.#log('failover-clocks-differ', { seconds: ahead });
      return {
        code: REJECT.TIME_MISMATCH,
        text: `clocks differ by ${Math.abs(ahead)} s, ${CLOCK_LIMIT} s are allowed`,
      };
    }
    if (message.type === MESSAGE.CONNECT && !isPrimary && !message.options.MCLT) {
      return this.#refuse(REJECT.INVALID_MCLT, 'no MCLT in CONNECT');
    }
    return undefined;
  }

  /** Adopts the partner's announcements. {@link check} must have passed. */
  accept(options: OptionValues, now: Moment): void {
    const relationship = this.#relationship;
    this.#clockRefused = null;
    relationship.partnerIsPortledger = (options['vendor-class-identifier'] ?? '').startsWith(VENDOR);
    const mclt = relationship.isPrimary ? relationship.mclt.announced : options.MCLT!;
    relationship.mclt.agree(mclt, secondsOf(now), () => relationship.table.latestPromise);
    if (relationship.isPrimary) return;
    relationship.hba = options['hash-bucket-assignment'] ?? relationship.hba;
  }

  /** The partner refused the connection. */
  refused(code: number, { time }: FailoverMessage, now: Moment): void {
    if (code === REJECT.TIME_MISMATCH) this.#clockRefused = secondsOf(now) - time;
  }

  /** @param text latin1 octets, as sent to the partner */
  #refuse(code: number, text: string): Rejection {
    this.#log('failover-refused', { reason: Buffer.from(text, 'latin1').toString() });
    return { code, text };
  }
}
