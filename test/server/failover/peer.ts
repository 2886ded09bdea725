import { MESSAGE, type MessageType, SERVER_STATE, type ServerState } from '../../../src/protocol/failover/codes.js';
import { Framer } from '../../../src/protocol/failover/framer.js';
import { decodeMessage, encodeMessage, type FailoverMessage } from '../../../src/protocol/failover/message.js';
import type { OptionValues } from '../../../src/protocol/failover/options.js';
import type {
  FailoverApi,
  Input,
  LogOutput,
  Moment,
  Output,
  RelationshipRecord,
} from '../../../src/server/failover/api.js';
import type { Binding } from '../../../src/server/failover/binding.js';
import { FailoverEndpoint } from '../../../src/server/failover/endpoint.js';
import { hbaOfSplit } from '../../../src/server/failover/load-balance.js';
import type { FailoverSettings } from '../../../src/server/failover/settings.js';

export const SECOND = 1_000_000;
export const T0 = 1_800_000_000;
export const FIRST = 0xc6120001;
export const CLIENT = { htype: 1, hwaddr: '\x02\0\0\0\0\x01', clientId: null };
export const OTHER = { htype: 1, hwaddr: '\x02\0\0\0\0\x02', clientId: null };

export function settings(changes: Partial<FailoverSettings> = {}): FailoverSettings {
  const isPrimary = changes.role !== 'secondary';
  return {
    name: 'pair',
    role: 'primary',
    mclt: isPrimary ? 60 : undefined,
    hba: isPrimary ? hbaOfSplit(128) : undefined,
    loadBalanceMaxSeconds: 3,
    maxResponseDelay: 30,
    maxUnackedUpdates: 10,
    autoPartnerDown: 0,
    maxLeaseMisbalance: 15,
    maxLeaseOwnership: 10,
    minBalance: 60,
    maxBalance: 3600,
    longestLease: 300,
    pools: [{ first: FIRST, last: FIRST + 9, excluded: new Set() }],
    ...changes,
  };
}

/** A record of a server that knows all, in this state. */
export function record(state: ServerState, changes: Partial<RelationshipRecord> = {}): RelationshipRecord {
  return {
    name: 'pair',
    role: null,
    state,
    since: T0 - 1000,
    partnerState: 'NORMAL',
    partnerSince: T0 - 1000,
    mclt: 60,
    formerMclt: 0,
    formerUntil: 0,
    hba: hbaOfSplit(128).toString('hex'),
    lostAt: 0,
    partnerLostAt: 0,
    clockAhead: 0,
    ...changes,
  };
}

/** An endpoint, its clock, and a partner that says what a test wants it to say. */
export class Bench {
  readonly endpoint: FailoverApi;
  readonly isPrimary: boolean;
  /** Seconds since the start. */
  time = 0;
  readonly sent: FailoverMessage[] = [];
  readonly logged: LogOutput[] = [];
  readonly closed: number[] = [];
  dials = 0;
  #link = 0;
  #xid = 1000;
  #framers = new Map<number, Framer>();

  constructor(
    given: Partial<FailoverSettings> = {},
    stored: RelationshipRecord | null = null,
    bindings: Binding[] = [],
  ) {
    const all = settings(given);
    this.isPrimary = all.role === 'primary';
    this.endpoint = new FailoverEndpoint(all, { record: stored, bindings }, this.now, 'test');
  }

  get now(): Moment {
    return { wall: (T0 + this.time) * SECOND, steady: this.time * SECOND };
  }

  get link(): number {
    return this.#link;
  }

  give(input: Input): void {
    this.endpoint.handle(input, this.now);
    this.commit();
  }

  commit(): void {
    for (const output of this.endpoint.committed(this.now)) this.#take(output);
  }

  /** Lets seconds pass. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.time += 1;
      this.give({ type: 'tick' });
    }
  }

  open(): number {
    this.#link += 1;
    this.give({ type: 'opened', link: this.#link });
    return this.#link;
  }

  say(type: MessageType, options: OptionValues = {}, xid = this.#xid++, link = this.#link): number {
    const bytes = encodeMessage({ type, time: T0 + this.time, xid, options });
    this.give({ type: 'received', link, bytes });
    return xid;
  }

  greet(changes: OptionValues = {}): void {
    const common = { 'relationship-name': 'pair', 'max-unacked-bndupd': 100, 'receive-timer': 30 };
    if (this.isPrimary) this.say(MESSAGE.CONNECTACK, { ...common, ...changes });
    else this.say(MESSAGE.CONNECT, { ...common, MCLT: 60, 'hash-bucket-assignment': hbaOfSplit(128), ...changes });
  }

  state(state: ServerState, starting = false, since = T0 - 500): void {
    this.say(MESSAGE.STATE, {
      'server-state': SERVER_STATE[state],
      'server-flags': starting ? 1 : 0,
      'start-time-of-state': since,
    });
  }

  /** A connection with a partner in this state. */
  connect(state: ServerState): void {
    this.open();
    this.greet();
    this.state(state);
  }

  /** Messages of a type that were sent since the last {@link forget}. */
  of(type: MessageType): FailoverMessage[] {
    return this.sent.filter((message) => message.type === type);
  }

  forget(): void {
    this.sent.length = 0;
    this.logged.length = 0;
    this.closed.length = 0;
  }

  /** Takes every update that was sent, until none comes. */
  acknowledgeAll(): void {
    for (;;) {
      const updates = this.of(MESSAGE.BNDUPD);
      if (updates.length === 0) return;
      this.forget();
      for (const { xid, options } of updates) {
        this.say(MESSAGE.BNDACK, { 'assigned-IP-address': options['assigned-IP-address']! }, xid);
      }
    }
  }

  grant(address: number, client = CLIENT, desired = 300): number {
    const seconds = this.endpoint.leaseSeconds(address, client, desired, this.now);
    this.endpoint.granted({ ...client, address, hostname: null, port: null, seconds, desired }, this.now);
    this.commit();
    return seconds;
  }

  #take(output: Output): void {
    if (output.type === 'dial') this.dials += 1;
    else if (output.type === 'close') this.closed.push(output.link);
    else if (output.type === 'log') this.logged.push(output);
    else {
      const framer = this.#framers.get(output.link) ?? new Framer();
      this.#framers.set(output.link, framer);
      this.sent.push(...framer.push(output.bytes).map(decodeMessage));
    }
  }
}
