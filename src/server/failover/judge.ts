import { type BindingStatus, REJECT } from '../../protocol/failover/codes.js';
import { type Binding, isUnused, type Seconds, sameHolder } from './binding.js';
import type { Rejection, Update } from './binding-update.js';
import { NEVER } from './lease-time.js';

/** Seconds by which the clocks of a pair may differ; with more it does not connect. */
export const CLOCK_LIMIT = 60;
/** Seconds before its end at which dhcpd accepts an expiry. */
const EARLY_EXPIRY = 65;
/** Seconds by which the known clock difference may be wrong. */
const INACCURACY = 2;

/** What a verdict depends on beside binding and update. */
export interface JudgeContext {
  readonly isPrimary: boolean;
  readonly now: Seconds;
  /** True if an update of this server for the same address is sent and not answered. */
  readonly inFlight: boolean;
  /** True if the binding has changed since that was sent. */
  readonly isOutdated: boolean;
  /** Seconds by which this server's clock is ahead of the partner's. */
  readonly clockAhead: number;
}

/**
 * What to do with an update: take it (`binding` is the result), refuse it, or wait. Waiting is for an expiry from a partner whose clock
 * is ahead, while a lease of this server has some seconds left. No timer of either server is that short.
 */
export type Verdict =
  | { readonly kind: 'take'; readonly binding: Binding }
  /** `binding`: the new own binding, if the refused update changes it. */
  | ({ readonly kind: 'refuse'; readonly binding?: Binding } & Rejection)
  | { readonly kind: 'wait'; readonly until: Seconds };

/** Judges an update of the partner against this server's binding. */
export function judge(own: Binding, update: Update, context: JudgeContext): Verdict {
  if (isSame(own, update, context)) return take(own, update, context);
  if (own.status === 'ACTIVE') return judgeActive(own, update, context);
  if (update.status === 'ACTIVE' && isGivenBack(own, update, context)) {
    // Both may have happened at once. This server's update is under way and decides it
    return own.status === 'RELEASED' ? outdated('lease was released here') : lessCritical();
  }
  // Taking it would end the lease twice. The end is under way and decides it
  if (update.status === 'ACTIVE' && isOverSince(own, update, context)) return lessCritical();
  if (knowsNothing(own, update)) return lessCritical();
  const isConflict = context.inFlight && update.status !== 'ACTIVE' && !(isUnused(own) && update.portledger);
  return isConflict && context.isPrimary ? lessCritical() : take(own, update, context);
}

/** True if both servers know the same already. To refuse it as less critical would be legal and useless. */
function isSame(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  // Given by both in the same second of two clocks that differ: not the same time
  const isByBoth = own.status === 'ACTIVE' && own.own && update.portledger?.own;
  if (isByBoth && Math.abs(clockAhead) > INACCURACY) return false;
  return (
    own.status === update.status &&
    own.ends === update.ends &&
    own.starts === update.starts &&
    (update.holder === null || sameHolder(own.holder, update.holder))
  );
}

/**
 * True if the partner (a Portledger) has no data of an address that the pair has used or moved: it lost its stored state. If this server
 * dropped its data too, neither would allow for former leases. Such a partner gives way in turn; dhcpd does not.
 */
function knowsNothing(own: Binding, update: Update): boolean {
  const isFree = own.status === 'FREE' || own.status === 'BACKUP';
  return update.portledger !== undefined && isFree && !isUnused(own) && isUnused(update);
}

function judgeActive(own: Binding, update: Update, context: JudgeContext): Verdict {
  const isOver = own.ends <= context.now;
  switch (update.status) {
    case 'ACTIVE':
      if (!own.pending || !isLater(own, update, context.isPrimary)) return take(own, update, context);
      return { ...lessCritical(), binding: withPartnersEnd(own, update, context.clockAhead) };
    case 'EXPIRED':
      return isOver ? take(own, update, context) : judgeExpired(own, update, context);
    case 'FREE':
    case 'BACKUP':
      return own.ends + CLOCK_LIMIT <= context.now ? take(own, update, context) : impossible(own, update);
    default:
      if (!own.pending || isOver || isLaterEnd(own, update, context)) return take(own, update, context);
      return outdated('lease was extended here');
  }
}

function judgeExpired(own: Binding, update: Update, context: JudgeContext): Verdict {
  // Extended here when the partner found it over. That update is under way and decides it
  if (own.pending && context.inFlight) return lessCritical();
  if (own.pending || own.ends - EARLY_EXPIRY > context.now) return impossible(own, update);
  // The clock of the server that gave the lease decides when it ends
  return own.own ? { kind: 'wait', until: own.ends } : take(own, update, context);
}

/** True if the own lease is the later one, or the primary's of two in the same second. */
function isLater(own: Binding, update: Update, isPrimary: boolean): boolean {
  return own.cltt > update.cltt || (own.cltt === update.cltt && isPrimary);
}

/**
 * True if the client ended the lease at the partner after it got it here. The clock difference is known only to a second or two. In doubt
 * a release counts as earlier, so that no lease is lost; a decline as later, because its client waits for seconds before it asks again.
 */
function isLaterEnd(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  if (update.holder !== null && !sameHolder(own.holder, update.holder)) return false;
  const at = Math.max(update.cltt, update.starts) + clockAhead;
  return update.status === 'ABANDONED' ? at + INACCURACY >= own.cltt : at - INACCURACY > own.cltt;
}

/** True if the client ended the lease here after the partner gave it. The mirror image of {@link isLaterEnd}. */
function isGivenBack(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  if (!own.pending) return false;
  const at = update.cltt + aheadOf(update, clockAhead);
  if (own.status === 'ABANDONED') return own.cltt + INACCURACY >= at;
  return own.status === 'RELEASED' && sameHolder(own.holder, update.holder) && own.cltt - INACCURACY > at;
}

/**
 * True if a lease that is over here was given after the partner's, and for longer. The partner does not know of it yet and will take its
 * end, because its own lease is over, too. False in doubt.
 */
function isOverSince(own: Binding, update: Update, { clockAhead, now }: JudgeContext): boolean {
  if (own.status !== 'EXPIRED' || !own.pending || !sameHolder(own.holder, update.holder)) return false;
  const doubt = aheadOf(update, clockAhead) + INACCURACY;
  return own.cltt > update.cltt + doubt && Math.min(own.ends, now) > update.ends + doubt;
}

function outdated(text: string): Verdict {
  return { kind: 'refuse', code: REJECT.OUTDATED, text };
}

/** The own binding with the partner's end, if that is later: the partner will take this lease, and may forget the end that it gave the client. */
function withPartnersEnd(own: Binding, update: Update, clockAhead: number): Binding {
  // No client was given an end that the partner only assumes
  if (isOnlyAssumed(own, update)) return own;
  const ends = Math.min(update.ends + shiftOf(own, update, clockAhead), NEVER);
  if (ends <= own.ends || !sameHolder(own.holder, update.holder)) return own;
  return { ...own, ends, promised: Math.max(own.promised, ends, update.potential) };
}

/**
 * Seconds to add to the times of an update to get them by the clock of the own binding. On both servers the times of a lease are those of
 * the server that gave it last.
 */
function shiftOf(own: Binding, update: Update, clockAhead: number): number {
  return isByOtherClock(own, update) ? clockAhead : 0;
}

function isByOtherClock(own: Binding, update: Update): boolean {
  // dhcpd does not say who gave the lease. With equal times it is the one that this server sent
  const isEcho = update.portledger === undefined && own.starts === update.starts && own.cltt === update.cltt;
  return own.own && isPartners(update) && !isEcho;
}

/** True if the partner was the last to give the active lease, so that its times are by the partner's clock. True in doubt. */
function isPartners(update: Update): boolean {
  return update.portledger?.own !== false;
}

/** Seconds by which this server's clock is ahead of the clock of an active lease in an update. */
function aheadOf(update: Update, clockAhead: number): number {
  return isPartners(update) ? clockAhead : 0;
}

function lessCritical() {
  const text = 'incoming update is less critical than outgoing update';
  return { kind: 'refuse', code: REJECT.LESS_CRITICAL, text } as const;
}

function impossible(own: Binding, update: Update): Verdict {
  const text = `invalid state transition: ${own.status.toLowerCase()} to ${update.status.toLowerCase()}`;
  return { kind: 'refuse', code: REJECT.FATAL_CONFLICT, text };
}

/** The receiver of EXPIRED, RELEASED and RESET frees the address at once; the sender does when it has the answer. */
const TAKEN_AS: Readonly<Partial<Record<BindingStatus, BindingStatus>>> = {
  EXPIRED: 'FREE',
  RELEASED: 'FREE',
  RESET: 'FREE',
};

function take(own: Binding, update: Update, context: JudgeContext): Verdict {
  const { now, clockAhead, isOutdated } = context;
  // The partner may still take the active lease that is under way, so the end must be sent again
  const isSentAgain = own.status === 'ACTIVE' && update.status !== 'ACTIVE' && context.inFlight;
  const status = (isSentAgain ? undefined : TAKEN_AS[update.status]) ?? update.status;
  const isFree = status === 'FREE' || status === 'BACKUP';
  const keepsPort = sawLater(own, update, clockAhead);
  const taken: Binding = {
    address: own.address,
    status,
    holder: update.holder ?? (isFree ? own.holder : null),
    // An echo of this server's own data does not contradict what it knows
    hostname: update.portledger?.hostname ?? (isSame(own, update, context) ? own.hostname : null),
    port: keepsPort ? own.port : portAfter(own, update, context),
    starts: update.starts,
    ends: update.ends,
    cltt: update.cltt,
    promised: update.potential,
    acknowledged: update.potential,
    agreed: now,
    // The partner may give way to an update under way that is outdated here
    pending: isOutdated || isSentAgain || keepsPort,
    own: staysOwn(own, update, context),
    rewind: null,
    flags: update.flags,
  };
  return {
    kind: 'take',
    binding: outlasts(own, update, context) ? keepEnd(own, update, taken, clockAhead) : taken,
  };
}

function portAfter(own: Binding, update: Update, context: JudgeContext): Binding['port'] {
  return update.portledger?.port ?? (isOfSameExchange(own, update, context) ? own.port : null);
}

/** True if the client was seen here after the exchange in the update. The partner must then learn the port. */
function sawLater(own: Binding, update: Update, clockAhead: number): boolean {
  const isLater = own.cltt > update.cltt + clockAhead + INACCURACY;
  return (
    update.portledger !== undefined && own.pending && isSameLease(own, update) && isByOtherClock(own, update) && isLater
  );
}

/**
 * True if this server's last exchange with the client is at least as recent as that of the update. If the update has no port, the known
 * one stays: a partner that considers this server's state lost sends no port, and assumes that the lease lasts longer.
 */
function isOfSameExchange(own: Binding, update: Update, context: JudgeContext): boolean {
  if (isSame(own, update, context) || isOnlyAssumed(own, update)) return true;
  // dhcpd never sends a port, and may have seen the client in the same second
  if (update.portledger === undefined || !isSameLease(own, update)) return false;
  return (own.starts === update.starts && own.cltt === update.cltt) || own.cltt >= update.cltt + context.clockAhead;
}

/** True if the partner did not give this lease to its client, but assumes that it goes on. */
function isOnlyAssumed(own: Binding, update: Update): boolean {
  return isSameLease(own, update) && !isPartners(update);
}

/** True if both servers have an active lease of the same client. */
function isSameLease(own: Binding, update: Update): boolean {
  return own.status === 'ACTIVE' && update.status === 'ACTIVE' && sameHolder(own.holder, update.holder);
}

/**
 * True if this server still is the last to have given the lease: the update only repeats it; or both gave it in the same second and the
 * partner gives way to the primary; or the partner only assumes that it goes on.
 */
function staysOwn(own: Binding, update: Update, context: JudgeContext): boolean {
  if (!own.own) return false;
  if (isSame(own, update, context)) return !update.portledger?.own || (context.inFlight && context.isPrimary);
  if (!isOnlyAssumed(own, update)) return false;
  // What the partner assumes may be an earlier lease of its own: it does not know this one
  const isUnknown = own.pending && own.cltt >= update.cltt + context.clockAhead - INACCURACY;
  return own.starts === update.starts || isUnknown;
}

/**
 * True if the client has a later end from this server than the partner knows. An end that a client was given is never shortened. The
 * clock difference is not exact.
 */
function outlasts(own: Binding, update: Update, context: JudgeContext): boolean {
  const isLonger = isByOtherClock(own, update)
    ? own.ends > update.ends + context.clockAhead - INACCURACY
    : own.ends > update.ends;
  return own.pending && isLonger && isSameLease(own, update) && !isSame(own, update, context);
}

/** The taken binding with the end that this server gave. All its times are by one clock, as the partner compares them with its own. */
function keepEnd(own: Binding, update: Update, taken: Binding, clockAhead: number): Binding {
  const shift = shiftOf(own, update, clockAhead);
  const starts = laterOf(own.starts, taken.starts + shift);
  const cltt = laterOf(own.cltt, taken.cltt + shift);
  const promised = Math.max(own.promised, taken.promised);
  return { ...taken, starts, cltt, ends: own.ends, promised, pending: true, own: own.own };
}

/** The own time unless the other is certainly later. Otherwise two servers could exchange ever later times without end. */
function laterOf(own: Seconds, other: Seconds): Seconds {
  return other > own + INACCURACY ? other : own;
}
