import { MICROS_PER_SECOND } from '../../base/time.js';
import type { Moment, RelationshipRecord } from './api.js';
import type { Binding, Seconds } from './binding.js';
import { ClockDifference } from './clock-difference.js';
import { CLOCK_LIMIT } from './judge.js';
import { NEVER } from './lease-time.js';
import { isPrimarys } from './load-balance.js';
import { type Machine, startMachine } from './machine-state.js';
import { Mclt } from './mclt.js';
import type { FailoverSettings } from './settings.js';
import { EXPIRING, RECOVERING } from './states.js';
import { BindingTable } from './table.js';

/** Wall-clock seconds of a moment. */
export function secondsOf(now: Moment): Seconds {
  return Math.floor(now.wall / MICROS_PER_SECOND);
}

/** The state that all parts of an endpoint share, and the times derived from it. */
export class Relationship {
  readonly settings: FailoverSettings;
  readonly table: BindingTable;
  readonly clock: ClockDifference;
  readonly mclt: Mclt;
  machine: Machine;
  #hba: { bits: Buffer; hex: string } | undefined;
  /** True if the partner is a Portledger, too. Updates then include the port of the lease. */
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

  /** {@link hba} as hex; '' if undefined. */
  get hbaHex(): string {
    return this.#hba?.hex ?? '';
  }

  get isPrimary(): boolean {
    return this.settings.role === 'primary';
  }

  /** Status of the free addresses that this server may give. */
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

  /** True if every change is sent to the partner, not only what it requests. */
  get sendsAll(): boolean {
    const { state, starting, partnerState } = this.machine;
    return this.isWorking || (!starting && state === 'PARTNER-DOWN' && RECOVERING.has(partnerState));
  }

  /** True if this server is the one to end leases whose time is over. */
  get expires(): boolean {
    const { state, starting } = this.machine;
    return !starting && EXPIRING.has(state) && (state !== 'NORMAL' || this.isPrimary);
  }

  /** True if this server serves the clients of the bucket. */
  takesBucket(bucket: number): boolean {
    return this.hba !== undefined && isPrimarys(this.hba, bucket) === this.isPrimary;
  }

  /** Seconds by which this clock is ahead of the partner's, at most the allowed difference. */
  get clockAhead(): number {
    return Math.max(-CLOCK_LIMIT, Math.min(this.clock.ahead, CLOCK_LIMIT));
  }

  /** Seconds to wait beyond a time of the partner's clock, so that it is over by both clocks. */
  get clockGuard(): number {
    return Math.ceil(Math.max(0, this.clockAhead)) + 1;
  }

  /** When a lease or a quarantine is over, by this clock. */
  overAt(binding: Binding): Seconds {
    return binding.ends + (binding.own || binding.status === 'ABANDONED' ? 0 : this.clockGuard);
  }

  /**
   * The latest end of a lease that the partner may have given on this address without this server's knowledge.
   * @param served until when the partner may have renewed leases without contact, each for MCLT, by the clock of the binding's times; 0
   * if that is taken care of elsewhere
   */
  partnersLongest(binding: Binding, now: Seconds, served: Seconds = 0): Seconds {
    const { state, since } = this.machine;
    // The partner cannot have extended a lease that this server gave while it served alone
    const isAlone = state === 'PARTNER-DOWN' && binding.own && binding.cltt >= since;
    const known = isAlone ? binding.acknowledged : Math.max(binding.promised, binding.acknowledged, served);
    return Math.min(known + this.mclt.longest(now) + this.clockGuard, NEVER);
  }

  /**
   * Until when any address may be leased by the partner, or by this server before it lost its stored state. In PARTNER-DOWN no address
   * is given before. 0 if the stored state was not lost.
   */
  formerLeasesUntil(now: Seconds): Seconds {
    const { lostAt, since } = this.machine;
    if (lostAt === 0) return 0;
    return Math.max(lostAt, since) + Math.max(this.mclt.longest(now), this.settings.longestLease) + 1;
  }

  /** In PARTNER-DOWN with incomplete state: when new clients get addresses again; else 0. */
  get withholdsUntil(): Seconds {
    const { state, since } = this.machine;
    return state === 'PARTNER-DOWN' ? this.formerLeasesUntil(since) : 0;
  }

  /** In RECOVER-WAIT: its last second; else 0. */
  get waitsUntil(): Seconds {
    const { state, lostAt } = this.machine;
    return state === 'RECOVER-WAIT' ? lostAt + this.mclt.longest(lostAt) : 0;
  }

  /** In PARTNER-DOWN: from then on the partner's free addresses are given, too; else 0. */
  get takesOverAt(): Seconds {
    const { state, since } = this.machine;
    return state === 'PARTNER-DOWN' ? Math.max(this.#sinceDown(since), this.withholdsUntil) + 1 : 0;
  }

  #sinceDown(now: Seconds): Seconds {
    return this.machine.since + this.mclt.longest(now) + this.clockGuard;
  }

  /** In PARTNER-DOWN: when an address that is not free for this server may go to another client. */
  reusableAt(binding: Binding, now: Seconds): Seconds {
    const sinceDown = this.#sinceDown(now);
    return Math.max(this.overAt(binding), this.partnersLongest(binding, now), sinceDown, this.formerLeasesUntil(now));
  }

  /** The potential end that the partner knows; 0 if it has lost its stored state since. */
  acknowledged(binding: Binding): Seconds {
    return binding.agreed >= this.machine.partnerLostAt ? binding.acknowledged : 0;
  }
}
