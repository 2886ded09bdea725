import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { ServerState } from '../../protocol/failover/codes.js';
import type { PortObservation } from '../leases/lease.js';
import type { Binding, Holder, Seconds } from './binding.js';
import type { FailoverSettings } from './settings.js';

/** Now, in the two times of the server: `wall` is compared with the partner's times, timers go by `steady`. */
export interface Moment {
  readonly wall: Micros;
  readonly steady: Micros;
}

/** What must survive a restart beside the bindings; one row for each relationship. */
export interface RelationshipRecord {
  readonly name: string;
  /** Which of the two this server was; null in what an older version stored. */
  readonly role: FailoverSettings['role'] | null;
  readonly state: ServerState;
  /** Since when [stos]. */
  readonly since: Seconds;
  /** Last known state of the partner, null if it was never heard. */
  readonly partnerState: ServerState | null;
  readonly partnerSince: Seconds;
  /** Maximum client lead time that both servers know: the primary tells it when they connect. 0 if it never did. */
  readonly mclt: number;
  /** A longer one of before, by which either may have leased; 0 if there was none. */
  readonly formerMclt: number;
  /** Until when such a lease may last. */
  readonly formerUntil: Seconds;
  /** 32 octets of the primary as hex, '' if not known yet. */
  readonly hba: string;
  /** When this server began without a memory (a new file), 0 once it has all again from the partner. */
  readonly lostAt: Seconds;
  /** When the partner was last seen to have lost its memory, 0 if never. */
  readonly partnerLostAt: Seconds;
  /** Seconds by which this server's clock was found ahead of the partner's; negative = behind. */
  readonly clockAhead: number;
}

/** Names a TCP connection; made up by whoever opens them, never used twice. */
export type LinkId = number;

export type Input =
  /** A TCP connection with the partner's configured address stands, whoever dialled. */
  | { readonly type: 'opened'; readonly link: LinkId }
  /** Octets arrived. */
  | { readonly type: 'received'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** It is gone; also told for links that this side closed (then it means nothing). */
  | { readonly type: 'closed'; readonly link: LinkId }
  /** The attempt that `dial` asked for failed. */
  | { readonly type: 'dial-failed' }
  /** Time passes; at least every second, better four times a second. */
  | { readonly type: 'tick' }
  | { readonly type: 'operator'; readonly command: OperatorCommand };

export const OPERATOR_COMMANDS = ['partner-down', 'shutdown', 'pause', 'resume'] as const;
export type OperatorCommand = (typeof OPERATOR_COMMANDS)[number];

/** An operator message: its id in the log catalogue, and the values of its text. */
export interface LogOutput {
  readonly type: 'log';
  readonly id: FailoverMessageId;
  readonly fields: Readonly<Record<string, string | number>>;
}

export type Output =
  | { readonly type: 'dial' }
  | { readonly type: 'send'; readonly link: LinkId; readonly bytes: Buffer }
  | { readonly type: 'close'; readonly link: LinkId }
  | LogOutput;

/** Why a binding became what it is, for the lease table and the trail. */
export type ChangeCause =
  /** An update of the partner was taken: `after.status` says which. */
  | 'partner'
  /** Its time is over. The event is written by the server for which `before.own` is true. */
  | 'expired'
  /**
   * The partner lost its memory, so that the address is held until `after.ends`, and its port is not told any more. No client was told of that:
   * its lease is what it was, and is over when the hold is.
   */
  | 'assumed'
  /** Nobody's concern but this protocol's: balance, acknowledgements. */
  | 'internal';

/** A change that the endpoint made by itself. */
export interface BindingChange {
  readonly before: Binding;
  readonly after: Binding;
  readonly cause: ChangeCause;
  /** Status in the partner's update (EXPIRED and RELEASED become FREE at once, so `after` does not tell), else null. */
  readonly reported: Binding['status'] | null;
  /** Of a lease that ran out at the partner: it was the partner that gave it last, and records the end. Undefined if that was not said. */
  readonly isPartners: boolean | undefined;
  /** Seconds by which this server's clock is ahead of the partner's, whose times `after` has if the partner reported it. */
  readonly clockAhead: number;
}

/** A lease that this server grants or extends. */
export interface Grant extends Holder {
  readonly address: Ipv4;
  readonly hostname: string | null;
  readonly port: PortObservation | null;
  /** What the client gets, at most {@link FailoverApi.leaseSeconds}. */
  readonly seconds: number;
  /** What it would have got from a server alone. */
  readonly desired: number;
}

/** Why no client of the pair's pools is answered now. */
export type Silence =
  | 'failover-startup'
  | 'failover-recovering'
  | 'failover-resolving-conflicts'
  | 'failover-paused'
  | 'failover-shut-down'
  | 'failover-partner-demands-silence';

/** Why this server leaves one request to its partner. */
export type Refusal = Silence | Withholding | 'failover-load-balanced' | 'failover-partner-owns-lease';

/** Why nobody is given an address that is not his: leases that this server does not know of may go on. */
export type Withholding = 'failover-former-leases';

export interface PoolStatus {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Free addresses of the primary. */
  readonly free: number;
  /** Free addresses of the secondary. */
  readonly backup: number;
}

/** What `portledger failover status` shows of a relationship. */
export interface FailoverStatus {
  readonly name: string;
  readonly role: 'primary' | 'secondary';
  readonly state: ServerState;
  readonly since: Seconds;
  readonly partnerState: ServerState | null;
  readonly partnerSince: Seconds;
  readonly connected: boolean;
  /** Last message of the partner, 0 if none since the start. */
  readonly lastContact: Seconds;
  /** Updates sent and not acknowledged. */
  readonly unacked: number;
  /** Bindings that the partner does not know as they are. */
  readonly pending: number;
  /** Seconds by which this clock is ahead of the partner's; null if it was not measured since the start. */
  readonly clockAhead: number | null;
  readonly mclt: number;
  /** In PARTNER-DOWN without all that it knew: no new client is given an address before; else 0. */
  readonly withholdsUntil: Seconds;
  /** In RECOVER-WAIT: when that is over; else 0. */
  readonly waitsUntil: Seconds;
  /** In PARTNER-DOWN: from when on the partner's free addresses are given, too; else 0. */
  readonly takesOverAt: Seconds;
  readonly pools: readonly PoolStatus[];
}

/** Ids of what the endpoint has to say; the catalogue has their texts. Fields are named beside them. */
export const FAILOVER_MESSAGES = {
  /** I move from {from} to {to}: {reason}. name, from, to, reason */
  'failover-state': 'info',
  /** name, from, to */
  'failover-partner-state': 'info',
  /** name, clockAhead */
  'failover-connected': 'info',
  /** name, reason */
  'failover-disconnected': 'warn',
  /** The partner refused the connection. name, reason, code */
  'failover-refused-by-partner': 'error',
  /** The connection of the partner was refused. name, reason */
  'failover-refused': 'error',
  /** |clockAhead| > 60 s. name, seconds */
  'failover-clocks-differ': 'error',
  /** A message that is no message, or cannot come now. name, reason */
  'failover-broken-message': 'error',
  /** One of the two does not have this address in a pool of the pair. name, address, whose */
  'failover-pools-differ': 'error',
  /** The partner refused an update. name, address, status, reason, code */
  'failover-update-rejected': 'warn',
  /** This server refused an update of the partner. name, address, status, reason, code */
  'failover-update-refused': 'warn',
  /** Both servers leased the address to different clients. name, address, kept, lost */
  'failover-conflict': 'error',
  /** name, pool, free, backup, moved */
  'failover-balanced': 'info',
  /** name, count */
  'failover-updates-requested': 'info',
  /** name */
  'failover-updates-done': 'info',
  /** The partner lost its memory: leases it may have extended are held. name, count */
  'failover-partner-lost-memory': 'warn',
  /** The partner did not answer the question for updates: it was made to. name */
  'failover-partner-roused': 'warn',
  /** An operator's command that cannot be followed. name, command, reason */
  'failover-command-refused': 'warn',
} as const;
export type FailoverMessageId = keyof typeof FAILOVER_MESSAGES;

/**
 * One failover relationship: connection, state machine, update queue and bindings, without any I/O of its own.
 *
 * Rule of use, in this order: call {@link handle} and the methods that change bindings as often as you like; store {@link unsaved}
 * and the leases and events that belong to it in one durable commit; then {@link committed} returns what may leave now. If the commit
 * failed, call {@link failed} instead.
 */
export interface FailoverApi {
  readonly name: string;

  /** Takes an input in. Nothing leaves before {@link committed}. Never throws on what the partner sends. */
  handle(input: Input, now: Moment): void;

  /** Changes that the endpoint made by itself since the last call, in order, for lease table and trail. */
  takeChanges(): BindingChange[];

  /** What is not stored yet: bindings as they are now, and the record if it changed. */
  unsaved(): { readonly bindings: readonly Binding[]; readonly record: RelationshipRecord | null };
  /** True if {@link unsaved} has something, or outputs wait. */
  readonly isDirty: boolean;
  /** All of it is stored: returns what may leave now, in order. */
  committed(now: Moment): Output[];
  /** It could not be stored: bindings and state go back to what is, the connection is given up. */
  failed(now: Moment): Output[];

  /** A point in the changes of bindings to which {@link undo} goes back (one request of a batch failed). */
  savepoint(): number;
  rollback(savepoint: number): void;

  // Questions of the packet path; none takes time that grows with the pool.

  /** True if the address belongs to a pool of this relationship. */
  covers(address: Ipv4): boolean;
  binding(address: Ipv4): Binding;
  /** Why nobody is answered, undefined if clients are. Counts for DISCOVER, REQUEST and DECLINE alike; a RELEASE wants no answer. */
  silence(): Silence | undefined;
  /** Why no new client is given an address now, though this server answers. */
  withholds(now: Moment): Withholding | undefined;
  /** Whether this server answers a DISCOVER: `key` is the content of option 61, else chaddr, latin1; `secs` of the header. */
  answersDiscover(key: string, secs: number): Refusal | undefined;
  /**
   * True if this server may give the address to the client (null: to any new one): its own active lease, or an address that is free here.
   * In PARTNER-DOWN the partner's come to that with time.
   */
  mayAllocate(address: Ipv4, client: Holder | null, now: Moment): boolean;
  /** Whether a REQUEST of this client for this address may be served. */
  mayServe(address: Ipv4, client: Holder, now: Moment): Refusal | undefined;
  /** How long the client may have the address, in offers and acknowledgements: at most MCLT beyond what the partner knows. */
  leaseSeconds(address: Ipv4, client: Holder, desired: number, now: Moment): number;
  /** The address of this pool (index in the settings) to offer to a new client: the one longest free, own ones first. */
  pick(pool: number, now: Moment): Ipv4 | undefined;
  /** The address is offered to a client: neither picked nor given to the partner until {@link offerEnded}. */
  offered(address: Ipv4): void;
  offerEnded(address: Ipv4): void;
  // Own changes.

  granted(grant: Grant, now: Moment): void;
  /** The client gave the address back. */
  released(address: Ipv4, now: Moment): void;
  /** The client found the address in use; it rests until `until`. */
  declined(address: Ipv4, until: Seconds, now: Moment): void;
  /** The server took the lease back (RESET). */
  revoked(address: Ipv4, now: Moment): void;

  status(): FailoverStatus;
}
