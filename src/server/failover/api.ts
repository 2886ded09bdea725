import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { FAILOVER_COMMANDS } from '../../operate/control/contract.js';
import type { ServerState } from '../../protocol/failover/codes.js';
import type { PortObservation } from '../leases/lease.js';
import type { Binding, Holder, Seconds } from './binding.js';
import type { FailoverSettings } from './settings.js';

/** Now, by both clocks of the server: `wall` is compared with the partner's times, timers use `steady`. */
export interface Moment {
  readonly wall: Micros;
  readonly steady: Micros;
}

/** The state of a relationship that survives a restart, beside its bindings. One row in the queue file. */
export interface RelationshipRecord {
  readonly name: string;
  /** This server's role; null if an older version stored the record. */
  readonly role: FailoverSettings['role'] | null;
  readonly state: ServerState;
  /** Start time of the state [stos]. */
  readonly since: Seconds;
  /** Last known state of the partner; null if it never sent one. */
  readonly partnerState: ServerState | null;
  readonly partnerSince: Seconds;
  /** Maximum client lead time that both servers know: the primary sends it when they connect. Seconds; 0 if it never did. */
  readonly mclt: number;
  /** An earlier, longer one by which either server may have leased; 0 if there was none. */
  readonly formerMclt: number;
  /** Latest end of such a lease. */
  readonly formerUntil: Seconds;
  /** The primary's hash bucket assignment, 32 octets as hex; '' if not known yet. */
  readonly hba: string;
  /** When this server started without stored state (a new queue file); 0 once it has got all from the partner. */
  readonly lostAt: Seconds;
  /** When the partner was last found to have lost its stored state; 0 if never. */
  readonly partnerLostAt: Seconds;
  /** Seconds by which this server's clock was found ahead of the partner's; negative = behind. */
  readonly clockAhead: number;
}

/** Names a TCP connection. The caller chooses it and uses none twice. */
export type LinkId = number;

export type Input =
  /** A TCP connection with the partner's configured address was established, by either side. */
  | { readonly type: 'opened'; readonly link: LinkId }
  /** Octets arrived. */
  | { readonly type: 'received'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The connection ended. Ignored if this side closed it. */
  | { readonly type: 'closed'; readonly link: LinkId }
  /** The attempt that `dial` requested failed. */
  | { readonly type: 'dial-failed' }
  /** Time passes. At least every second, better four times a second. */
  | { readonly type: 'tick' }
  | { readonly type: 'operator'; readonly command: OperatorCommand };

/** What an operator may command, see {@link FAILOVER_COMMANDS}. */
export type OperatorCommand = (typeof FAILOVER_COMMANDS)[number];

/** A log message: its id in the catalogue, and the values for its text. */
export interface LogOutput {
  readonly type: 'log';
  readonly id: FailoverMessageId;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Logs a message; the endpoint adds the name of the relationship. */
export type FailoverLog = (id: LogOutput['id'], fields: LogOutput['fields']) => void;

export type Output =
  | { readonly type: 'dial' }
  | { readonly type: 'send'; readonly link: LinkId; readonly bytes: Buffer }
  | { readonly type: 'close'; readonly link: LinkId }
  | LogOutput;

/** What caused a change of a binding, for the lease table and the trail. */
export type ChangeCause =
  /** An update of the partner was accepted. */
  | 'partner'
  /** Its time is over. The server for which `before.own` is true records the event. */
  | 'expired'
  /**
   * The partner lost its stored state. The lease is assumed to last until `after.ends`, and its port is no longer sent. The client does
   * not know of that: for the trail its lease is what it was.
   */
  | 'assumed'
  /** Only concerns this protocol: balance, acknowledgements. */
  | 'internal';

/** A change that the endpoint made on its own. */
export interface BindingChange {
  readonly before: Binding;
  readonly after: Binding;
  readonly cause: ChangeCause;
  /** Status in the partner's update, else null. Not that of `after`: EXPIRED and RELEASED become FREE at once. */
  readonly reported: Binding['status'] | null;
  /** True if a lease that expired at the partner was last given by the partner, which records its end. Undefined if the update does not say. */
  readonly isPartners: boolean | undefined;
  /** Seconds by which this server's clock is ahead of the partner's. The times in `after` are the partner's if it reported the change. */
  readonly clockAhead: number;
}

/** A lease that this server grants or extends. */
export interface Grant extends Holder {
  readonly address: Ipv4;
  readonly hostname: string | null;
  readonly port: PortObservation | null;
  /** What the client gets, at most {@link FailoverApi.leaseSeconds}. */
  readonly seconds: number;
  /** What it would get from a server without a partner. */
  readonly desired: number;
}

/** Why no client of the pair's pools is answered at present. */
export type Silence =
  | 'failover-startup'
  | 'failover-recovering'
  | 'failover-resolving-conflicts'
  | 'failover-paused'
  | 'failover-shut-down'
  | 'failover-partner-demands-silence';

/** Why this server does not answer a request. */
export type Refusal = Silence | Withholding | 'failover-load-balanced' | 'failover-partner-owns-lease';

/** Why new clients get no address: leases that this server does not know may still be active. */
export type Withholding = 'failover-former-leases';

export interface PoolStatus {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Addresses that the primary may give. */
  readonly free: number;
  /** Addresses that the secondary may give. */
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
  /** Time of the partner's last message; 0 if none since the start. */
  readonly lastContact: Seconds;
  /** Number of updates sent and not acknowledged. */
  readonly unacked: number;
  /** Number of bindings that the partner does not know in their present form. */
  readonly pending: number;
  /** Seconds by which this clock is ahead of the partner's; null if not measured since the start. */
  readonly clockAhead: number | null;
  readonly mclt: number;
  /** In PARTNER-DOWN with incomplete state: new clients get no address before this time; else 0. */
  readonly withholdsUntil: Seconds;
  /** In RECOVER-WAIT: when it ends; else 0. */
  readonly waitsUntil: Seconds;
  /** In PARTNER-DOWN: from then on the partner's free addresses are given, too; else 0. */
  readonly takesOverAt: Seconds;
  readonly pools: readonly PoolStatus[];
}

/** Ids and levels of the endpoint's log messages, with their fields. The log catalogue has the texts. */
export const FAILOVER_MESSAGES = {
  /** This server changes its state. name, from, to, reason */
  'failover-state': 'info',
  /** name, from, to */
  'failover-partner-state': 'info',
  /** name, clockAhead */
  'failover-connected': 'info',
  /** name, reason */
  'failover-disconnected': 'warn',
  /** The partner refused the connection. name, reason, code */
  'failover-refused-by-partner': 'error',
  /** This server refused the partner's connection. name, reason */
  'failover-refused': 'error',
  /** |clockAhead| > 60 s. name, seconds */
  'failover-clocks-differ': 'error',
  /** A message that is malformed or not allowed now. name, reason */
  'failover-broken-message': 'error',
  /** One of the two servers has this address in no pool of the pair. name, address, whose */
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
  /** The partner lost its stored state: leases that it may have extended are assumed to go on. name, count */
  'failover-partner-lost-memory': 'warn',
  /** The partner did not answer the question for updates: it was made to. name */
  'failover-partner-roused': 'warn',
  /** An operator's command is not allowed now. name, command, reason */
  'failover-command-refused': 'warn',
} as const;
export type FailoverMessageId = keyof typeof FAILOVER_MESSAGES;

/**
 * One failover relationship: connection, state machine, update queue and bindings, without I/O.
 *
 * For each batch, in this order: call {@link handle} and the methods that change bindings, any number of times; store {@link unsaved}
 * with its leases and events in one commit; call {@link committed}, which returns what may now be sent. If the commit failed, call
 * {@link failed} instead.
 */
export interface FailoverApi {
  readonly name: string;

  /** Handles an input. Nothing is sent before {@link committed}. Never throws because of what the partner sent. */
  handle(input: Input, now: Moment): void;

  /** Returns the changes that the endpoint made on its own since the last call, in order. For lease table and trail. */
  takeChanges(): BindingChange[];

  /** What is not stored yet: the present form of changed bindings, and the record if it changed. */
  unsaved(): { readonly bindings: readonly Binding[]; readonly record: RelationshipRecord | null };
  /** True if {@link unsaved} has something, or outputs wait. */
  readonly isDirty: boolean;
  /** All of that is stored. Returns what may now be sent, in order. */
  committed(now: Moment): Output[];
  /** It could not be stored. Bindings and state go back to what is stored, and the connection ends. */
  failed(now: Moment): Output[];

  /** A point in the changes of bindings to which {@link rollback} goes back, for one failed request of a batch. */
  savepoint(): number;
  rollback(savepoint: number): void;

  // For the packet path. The time of none of these grows with the pool

  /** True if the address belongs to a pool of this relationship. */
  covers(address: Ipv4): boolean;
  binding(address: Ipv4): Binding;
  /** Why no client is answered; undefined if clients are. Applies to DISCOVER, REQUEST and DECLINE; a RELEASE has no reply. */
  silence(): Silence | undefined;
  /** Why new clients get no address although this server answers; undefined if they do. */
  withholds(now: Moment): Withholding | undefined;
  /**
   * Why this server does not answer a DISCOVER; undefined if it does.
   * @param key content of option 61, else chaddr; latin1
   * @param secs of the header
   */
  refusalOfDiscover(key: string, secs: number): Refusal | undefined;
  /**
   * True if this server may give the address to the client (null: to a new one): it is the client's active lease, or free for this
   * server. In PARTNER-DOWN the partner's addresses become free for it with time.
   */
  mayAllocate(address: Ipv4, client: Holder | null, now: Moment): boolean;
  /** Why a REQUEST of this client for this address is not answered; undefined if it may be. */
  refusalToServe(address: Ipv4, client: Holder, now: Moment): Refusal | undefined;
  /** Seconds of an offer or lease for this client: at most MCLT beyond what the partner knows. */
  leaseSeconds(address: Ipv4, client: Holder, desired: number, now: Moment): number;
  /** The address of this pool (index in the settings) to offer to a new client: the longest free, own ones first. */
  pick(pool: number, now: Moment): Ipv4 | undefined;
  /** The address is offered to a client. Until {@link offerEnded} it is neither picked nor given to the partner. */
  offered(address: Ipv4): void;
  offerEnded(address: Ipv4): void;
  // Changes that this server makes

  granted(grant: Grant, now: Moment): void;
  /** The client gave the address back. */
  released(address: Ipv4, now: Moment): void;
  /** The client found the address in use. It is given to nobody until `until`. */
  declined(address: Ipv4, until: Seconds, now: Moment): void;
  /** The server took the lease back (RESET). */
  revoked(address: Ipv4, now: Moment): void;

  status(): FailoverStatus;
}
