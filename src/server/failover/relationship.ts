import { MICROS_PER_SECOND } from '../../base/time.js';
import type { Moment, RelationshipRecord } from './api.js';
import type { Binding, Seconds } from './binding.js';
import { ClockDifference } from './clock-difference.js';
import { CLOCK_LIMIT } from './judge.js';
import { NEVER } from './lease-time.js';
import { isPrimarys } from './load-balance.js';
import { type Machine, startMachine } from './machine.js';
import { Mclt } from './mclt.js';
import type { FailoverSettings } from './settings.js';
import { EXPIRING, RECOVERING } from './states.js';
import { BindingTable } from './table.js';

/** Wall-clock seconds of a moment. */
export function secondsOf(now: Moment): Seconds {
  return Math.floor(now.wall / MICROS_PER_SECOND);
}

/** What all parts of an endpoint work on, and the times that follow from it. */
export class Relationship {
  readonly settings: FailoverSettings;
  readonly table: BindingTable;
  readonly clock: ClockDifference;
  readonly mclt: Mclt;
  machine: Machine;
  #hba: { bits: Buffer; hex: string } | undefined;
  /** The partner is a Portledger, too: updates carry the port of the lease. */
  partnerIsPortledger = false;

  constructor(settings: FailoverSettings, record: RelationshipRecord | null, bindings: Iterable<Binding>, now: Moment) {
    this.settings = settings;
    this.table = new BindingTable(settings.pools, bindings);
    this.clock = new ClockDifference(record?.clockAhead ?? CLOCK_LIMIT);
    this.machine = startMachine(record, secondsOf(now));
    const isPrimary = settings.role === 'primary';
    this.mclt = new Mclt(isPrimary ? settings.mclt : undefined, settings.longestLease, record);
    this.hba = isPrimary ? settings.hba : record?.hba ? Buffer.from(record.hba, 'hex') : undefined;
  }

  /** The primary's buckets, 32 octets; undefined while a secondary has not learnt them. */
  get hba(): Buffer | undefined {
    return this.#hba?.bits;
  }

  set hba(bits: Buffer | undefined) {
    this.#hba = bits && { bits, hex: bits.toString('hex') };
  }

  /** The same as hex, '' if there are none. */
  get hbaHex(): string {
    return this.#hba?.hex ?? '';
  }

  get isPrimary(): boolean {
    return this.settings.role === 'primary';
  }

  /** Status of the free addresses from which this server gives. */
  get ownFree(): 'FREE' | 'BACKUP' {
    return this.isPrimary ? 'FREE' : 'BACKUP';
  }

  get partnerFree(): 'FREE' | 'BACKUP' {
    return this.isPrimary ? 'BACKUP' : 'FREE';
  }

  /** True in NORMAL, connected. */
  get isWorking(): boolean {
    const { state, heard, starting } = this.machine;
    return state === 'NORMAL' && heard && !starting;
  }

  /** True if the partner is told of every change, and not only of what it asks for. */
  get sendsAll(): boolean {
    const { state, starting, partnerState } = this.machine;
    return this.isWorking || (!starting && state === 'PARTNER-DOWN' && RECOVERING.has(partnerState));
  }

  /** True if it is this server's to see to the end of leases. */
  get expires(): boolean {
    const { state, starting } = this.machine;
    return !starting && EXPIRING.has(state) && (state !== 'NORMAL' || this.isPrimary);
  }

  /** True if this server takes the clients of the bucket. */
  takesBucket(bucket: number): boolean {
    return this.hba !== undefined && isPrimarys(this.hba, bucket) === this.isPrimary;
  }

  /** Seconds by which this clock is ahead of the partner's; more than the limit is never believed. */
  get clockAhead(): number {
    return Math.max(-CLOCK_LIMIT, Math.min(this.clock.ahead, CLOCK_LIMIT));
  }

  /** Seconds that a time of the partner may come later by this clock than it says. */
  get clockGuard(): number {
    return Math.ceil(Math.max(0, this.clockAhead)) + 1;
  }

  /** When the time of a lease, or the quarantine of an address, is over. */
  overAt(binding: Binding): Seconds {
    return binding.ends + (binding.own || binding.status === 'ABANDONED' ? 0 : this.clockGuard);
  }

  /**
   * The end of the longest lease that the partner may have given on this address without this server's knowledge. `served`: until when it may
   * have renewed leases out of contact, for MCLT each, by the clock of the binding's times; 0 where that is seen to otherwise.
   */
  partnersLongest(binding: Binding, now: Seconds, served: Seconds = 0): Seconds {
    const { state, since } = this.machine;
    // What this server gave while it was alone the partner cannot have extended
    const isAlone = state === 'PARTNER-DOWN' && binding.own && binding.cltt >= since;
    const told = isAlone ? binding.acknowledged : Math.max(binding.promised, binding.acknowledged, served);
    return Math.min(told + this.mclt.longest(now) + this.clockGuard, NEVER);
  }

  /**
   * A server that lost its memory and goes on alone gives no address before this: until then a client may have any of them, from the partner,
   * or from itself in its former life. 0 with a memory.
   */
  formerLeasesUntil(now: Seconds): Seconds {
    const { lostAt, since } = this.machine;
    if (lostAt === 0) return 0;
    return Math.max(lostAt, since) + Math.max(this.mclt.longest(now), this.settings.longestLease) + 1;
  }

  /** While this server goes on alone without all that it knew: when new clients are given addresses again; else 0. */
  get withholdsUntil(): Seconds {
    const { state, since } = this.machine;
    return state === 'PARTNER-DOWN' ? this.formerLeasesUntil(since) : 0;
  }

  /** In RECOVER-WAIT: the last second of it; else 0. */
  get waitsUntil(): Seconds {
    const { state, lostAt } = this.machine;
    return state === 'RECOVER-WAIT' ? lostAt + this.mclt.longest(lostAt) : 0;
  }

  /** In PARTNER-DOWN: from when on the partner's free addresses are given, too; else 0. */
  get takesOverAt(): Seconds {
    const { state, since } = this.machine;
    return state === 'PARTNER-DOWN' ? Math.max(this.#sinceDown(since), this.withholdsUntil) + 1 : 0;
  }

  #sinceDown(now: Seconds): Seconds {
    return this.machine.since + this.mclt.longest(now) + this.clockGuard;
  }

  /** In PARTNER-DOWN: when an address that is not this server's to give may go to another client. */
  reusableAt(binding: Binding, now: Seconds): Seconds {
    const sinceDown = this.#sinceDown(now);
    return Math.max(this.overAt(binding), this.partnersLongest(binding, now), sinceDown, this.formerLeasesUntil(now));
  }

  /** What the partner knows of this binding's potential end; nothing if it has lost its memory since. */
  acknowledged(binding: Binding): Seconds {
    return binding.agreed >= this.machine.partnerLostAt ? binding.acknowledged : 0;
  }
}
