import { type BindingStatus, REJECT } from '../../protocol/failover/codes.js';
import { type Binding, isUnused, type Seconds, sameHolder } from './binding.js';
import type { Rejection, Update } from './binding-update.js';
import { NEVER } from './lease-time.js';

/** Clocks of a pair differ by less than this, or it does not connect. dhcpd forgives 65 s. */
export const CLOCK_LIMIT = 60;
const FORGIVEN = 65;
/** Of the known difference of the clocks, seconds. */
const INACCURACY = 2;

export interface JudgeContext {
  readonly isPrimary: boolean;
  readonly now: Seconds;
  /** An update of this server about the same address is on its way. */
  readonly inFlight: boolean;
  /** The binding has changed since that was sent. */
  readonly isOutdated: boolean;
  /** Seconds by which this server's clock is ahead of the partner's. */
  readonly clockAhead: number;
}

/**
 * What to do with an update: take it (the binding as it is then), refuse it, or wait: the partner's clock is ahead and the lease that this
 * server gave has some seconds left. An answer at that time costs nothing, for no server waits for one by the clock.
 */
export type Verdict =
  | { readonly kind: 'take'; readonly binding: Binding }
  /** `binding`: what the own one becomes all the same. */
  | ({ readonly kind: 'refuse'; readonly binding?: Binding } & Rejection)
  | { readonly kind: 'wait'; readonly until: Seconds };

/** Judges an update of the partner against the own binding: dueling first, then whether the change of status is right. */
export function judge(own: Binding, update: Update, context: JudgeContext): Verdict {
  if (isSame(own, update, context)) return take(own, update, context);
  if (own.status === 'ACTIVE') return judgeActive(own, update, context);
  if (update.status === 'ACTIVE' && isGivenBack(own, update, context)) {
    // Both may be of the same moment: the update of that is on its way and settles it
    return own.status === 'RELEASED' ? outdated('lease was released here') : lessCritical();
  }
  // To take it would end the lease a second time: the end is on its way, and settles it
  if (update.status === 'ACTIVE' && isOverSince(own, update, context)) return lessCritical();
  if (knowsNothing(own, update)) return lessCritical();
  const duels = context.inFlight && update.status !== 'ACTIVE' && !(isUnused(own) && update.portledger);
  return duels && context.isPrimary ? lessCritical() : take(own, update, context);
}

/** Both know the same already; refusing it as less critical would be right and helps nobody. */
function isSame(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  // Given by both, at the same second of two clocks: that is not the same time
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
 * Another Portledger has never heard of the address, which the pair has used or moved: it lost its memory, and would not wait for what it may have
 * given before if it made this server forget as well. Such a partner gives way itself; dhcpd does not.
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
  // Extended here in the very moment in which the partner found it over: the update of that is on its way and settles it
  if (own.pending && context.inFlight) return lessCritical();
  if (own.pending || own.ends - FORGIVEN > context.now) return impossible(own, update);
  // Who gave the lease knows best when it ends; its own clock counts
  return own.own ? { kind: 'wait', until: own.ends } : take(own, update, context);
}

/** Of two leases the later one counts, and the primary's if both are of the same second. */
function isLater(own: Binding, update: Update, isPrimary: boolean): boolean {
  return own.cltt > update.cltt || (own.cltt === update.cltt && isPrimary);
}

/**
 * True if the client gave up the lease after it got it here, by clocks whose difference is known to a second or two. In doubt a release is the
 * earlier one, for a lease must not be lost; a decline is the later one, for its client waits for seconds before it asks again.
 */
function isLaterEnd(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  if (update.holder !== null && !sameHolder(own.holder, update.holder)) return false;
  const at = Math.max(update.cltt, update.starts) + clockAhead;
  return update.status === 'ABANDONED' ? at + INACCURACY >= own.cltt : at - INACCURACY > own.cltt;
}

/** The client gave the lease back here, after the partner gave it: the other way round {@link isLaterEnd} says so, too. */
function isGivenBack(own: Binding, update: Update, { clockAhead }: JudgeContext): boolean {
  if (!own.pending) return false;
  const at = update.cltt + aheadOf(update, clockAhead);
  if (own.status === 'ABANDONED') return own.cltt + INACCURACY >= at;
  return own.status === 'RELEASED' && sameHolder(own.holder, update.holder) && own.cltt - INACCURACY > at;
}

/**
 * What is over here was given after the partner's lease, and for longer: the partner does not know of it yet, and takes the end of it, for its own
 * lease is over as well. In doubt it is not so.
 */
function isOverSince(own: Binding, update: Update, { clockAhead, now }: JudgeContext): boolean {
  if (own.status !== 'EXPIRED' || !own.pending || !sameHolder(own.holder, update.holder)) return false;
  const doubt = aheadOf(update, clockAhead) + INACCURACY;
  return own.cltt > update.cltt + doubt && Math.min(own.ends, now) > update.ends + doubt;
}

function outdated(text: string): Verdict {
  return { kind: 'refuse', code: REJECT.OUTDATED, text };
}

/** The partner takes the own lease for its own, and may forget that the client has a later end from there: so that is kept here. */
function withPartnersEnd(own: Binding, update: Update, clockAhead: number): Binding {
  // For how long it holds the address nobody was told
  if (isOnlyAssumed(own, update)) return own;
  const ends = Math.min(update.ends + shiftOf(own, update, clockAhead), NEVER);
  if (ends <= own.ends || !sameHolder(own.holder, update.holder)) return own;
  return { ...own, ends, promised: Math.max(own.promised, ends, update.potential) };
}

/**
 * Seconds to add to the times of an update about a lease, to have them by the clock by which the own binding tells it: on both servers its times are
 * those of who gave it last.
 */
function shiftOf(own: Binding, update: Update, clockAhead: number): number {
  return isByOtherClock(own, update) ? clockAhead : 0;
}

function isByOtherClock(own: Binding, update: Update): boolean {
  // dhcpd does not say whose lease it is; with the same times it is the one that it was told
  const isEcho = update.portledger === undefined && own.starts === update.starts && own.cltt === update.cltt;
  return own.own && isPartners(update) && !isEcho;
}

/** Of an active lease: it was the partner that gave it last, so that its times are by that one's clock; in doubt it was. */
function isPartners(update: Update): boolean {
  return update.portledger?.own !== false;
}

/** Seconds by which this server's clock is ahead of the one by which an active lease is told. */
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

/** EXPIRED, RELEASED and RESET are free at once for who is told so: the partner frees them when it has the answer. */
const TAKEN_AS: Readonly<Partial<Record<BindingStatus, BindingStatus>>> = {
  EXPIRED: 'FREE',
  RELEASED: 'FREE',
  RESET: 'FREE',
};

function take(own: Binding, update: Update, context: JudgeContext): Verdict {
  const { now, clockAhead, isOutdated } = context;
  // The partner may take the active lease that is on its way to it, so it is told the end of it once more
  const isRetold = own.status === 'ACTIVE' && update.status !== 'ACTIVE' && context.inFlight;
  const status = (isRetold ? undefined : TAKEN_AS[update.status]) ?? update.status;
  const isFree = status === 'FREE' || status === 'BACKUP';
  const keepsPort = sawLater(own, update, clockAhead);
  const taken: Binding = {
    address: own.address,
    status,
    holder: update.holder ?? (isFree ? own.holder : null),
    // An echo of what is known here says nothing against what was seen here
    hostname: update.portledger?.hostname ?? (isSame(own, update, context) ? own.hostname : null),
    port: keepsPort ? own.port : portAfter(own, update, context),
    starts: update.starts,
    ends: update.ends,
    cltt: update.cltt,
    promised: update.potential,
    acknowledged: update.potential,
    agreed: now,
    // The partner may give way to what is on its way, and that is not what is true here any more
    pending: isOutdated || isRetold || keepsPort,
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

/** The partner gives way to a later lease by what its clock shows, but the client was seen here after that: the partner has to hear of the port. */
function sawLater(own: Binding, update: Update, clockAhead: number): boolean {
  const isLater = own.cltt > update.cltt + clockAhead + INACCURACY;
  return (
    update.portledger !== undefined && own.pending && isSameLease(own, update) && isByOtherClock(own, update) && isLater
  );
}

/**
 * The update tells of no exchange with the client that came after the one that is known here, and of its port nothing: a partner that takes this
 * server for one without memory tells none, and holds the lease for longer.
 */
function isOfSameExchange(own: Binding, update: Update, context: JudgeContext): boolean {
  if (isSame(own, update, context) || isOnlyAssumed(own, update)) return true;
  // dhcpd never tells a port, so that it may have seen the client in the same second
  if (update.portledger === undefined || !isSameLease(own, update)) return false;
  return (own.starts === update.starts && own.cltt === update.cltt) || own.cltt >= update.cltt + context.clockAhead;
}

/** The partner has not given this lease to its client: it takes it for one that may go on. */
function isOnlyAssumed(own: Binding, update: Update): boolean {
  return isSameLease(own, update) && !isPartners(update);
}

/** Both know the address as leased to this client. */
function isSameLease(own: Binding, update: Update): boolean {
  return own.status === 'ACTIVE' && update.status === 'ACTIVE' && sameHolder(own.holder, update.holder);
}

/**
 * True if it still is this server that gave the lease last: the update only repeats it, or both gave the same in the same second and the partner
 * gives way to the primary, or the partner holds the address for longer without having given it since.
 */
function staysOwn(own: Binding, update: Update, context: JudgeContext): boolean {
  if (!own.own) return false;
  if (isSame(own, update, context)) return !update.portledger?.own || (context.inFlight && context.isPrimary);
  if (!isOnlyAssumed(own, update)) return false;
  // What the partner holds may be a lease of its own that its client gave back before this one, which it does not know of
  const isUnknown = own.pending && own.cltt >= update.cltt + context.clockAhead - INACCURACY;
  return own.starts === update.starts || isUnknown;
}

/**
 * The client has a later end from here than the partner knows of: an end that was acknowledged to a client is never taken back. Of two
 * clocks it is not exact how far they are apart.
 */
function outlasts(own: Binding, update: Update, context: JudgeContext): boolean {
  const isLonger = isByOtherClock(own, update)
    ? own.ends > update.ends + context.clockAhead - INACCURACY
    : own.ends > update.ends;
  return own.pending && isLonger && isSameLease(own, update) && !isSame(own, update, context);
}

/** The lease goes on as this server knows it, with all times by the same clock: the partner compares them with its own. */
function keepEnd(own: Binding, update: Update, taken: Binding, clockAhead: number): Binding {
  const shift = shiftOf(own, update, clockAhead);
  const starts = laterOf(own.starts, taken.starts + shift);
  const cltt = laterOf(own.cltt, taken.cltt + shift);
  const promised = Math.max(own.promised, taken.promised);
  return { ...taken, starts, cltt, ends: own.ends, promised, pending: true, own: own.own };
}

/** The own time unless the other is certainly later: two that each took the other's for later would go on for ever. */
function laterOf(own: Seconds, other: Seconds): Seconds {
  return other > own + INACCURACY ? other : own;
}
