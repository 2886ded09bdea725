import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { BindingChange, Moment } from '../failover/api.js';
import { type Binding, type Holder, type Seconds, sameHolder } from '../failover/binding.js';
import {
  type Client,
  clientKey,
  isActive,
  type Lease,
  type LeaseState,
  type PortObservation,
} from '../leases/lease.js';
import type { DecisionContext } from '../v4/context.js';
import { expireLease, withdrawLease } from '../v4/lease-events.js';

/** What an address that the partner says is no longer leased is in the lease table. */
const ENDED: Readonly<Record<Exclude<Binding['status'], 'ACTIVE' | 'ABANDONED'>, LeaseState>> = {
  FREE: 'expired',
  BACKUP: 'expired',
  EXPIRED: 'expired',
  RELEASED: 'released',
  RESET: 'revoked',
};
/** What a partner reports of a lease that its client has ended there. */
const GIVEN_BACK: ReadonlySet<Binding['status'] | null> = new Set(['RELEASED', 'RESET', 'ABANDONED'] as const);
/** Of the known difference of the clocks, seconds. */
const INACCURACY: Seconds = 2;
/** Of an address that was declined before anybody was known to hold it. */
const NOBODY: Holder = { htype: 0, hwaddr: '', clientId: null };

/**
 * Brings the lease table in line with what the failover endpoint did by itself. The trail gets an event from the server alone that
 * knows of it at first hand: who sent the ACK, or got the RELEASE. Only the end of a lease that this server was the last to grant is
 * its own to record, whoever found that it is over.
 */
export function applyChange(change: BindingChange, desk: DecisionContext, moment: Moment): void {
  const { before, after } = change;
  // Nobody was told of the hold, and an echo of what is known is no news: the lease is what it was
  if (change.cause === 'assumed' || isSameLease(before, after)) return;
  recordOwnEnd(change, desk);
  const lease = desk.leases.get(after.address);
  if (after.status === 'ACTIVE') takeActive(before, after, lease, desk, moment);
  else if (after.status === 'ABANDONED') takeDeclined(after, lease, desk, moment);
  else if (lease?.state === 'active' || lease?.state === 'declined') takeEnded(change, lease, desk);
  else learn(after, lease, desk);
}

/**
 * The end of a lease that this server was the last to grant, with the end that its client was told. A lease whose client has given it
 * back to the partner, or has extended it there, is the partner's to record.
 */
function recordOwnEnd(change: BindingChange, desk: DecisionContext): void {
  const { before, after, cause } = change;
  const lease = desk.leases.get(after.address);
  const staysOwn = after.own && after.status === 'ACTIVE';
  if (!before.own || staysOwn || lease?.state !== 'active') return;
  const isOver = !isActive(lease, desk.now) || change.reported === 'EXPIRED';
  if (cause === 'expired') expireLease(desk, lease);
  else if (cause !== 'partner') return;
  else if (isOver && !isPartnersToEnd(change, lease)) expireLease(desk, lease);
  // The partner gave the address to somebody else, or got it back before, without knowing of what this server had told the client
  else if (!isOver && before.pending && !isPartnersToEnd(change, lease)) withdrawLease(desk, lease);
}

/** True if the partner saw the client last, within the time that this server had given it. */
function isPartnersToEnd(change: BindingChange, lease: Lease): boolean {
  if (!isOfSameClient(change)) return false;
  const { before, after, reported, isPartners, clockAhead } = change;
  // What the partner only held for this server is over with the end that was told here, however long that hold was
  if (isPartners === false) return false;
  // Nor was any client told for how long the partner held its own lease, of before this one
  if (isPartners && before.pending && before.cltt > after.cltt + clockAhead + INACCURACY) return false;
  const told = Math.ceil(lease.end / MICROS_PER_SECOND);
  if (reported === 'ACTIVE') return after.starts + clockAhead <= told;
  const ends = after.ends + (isPartners ? clockAhead : 0);
  if (!GIVEN_BACK.has(reported)) return ends > Math.max(told, before.ends);
  const given = Math.max(after.cltt, after.starts) + clockAhead;
  // Of a declined address the client is not told: it may have been another one if that was after the end
  if (given + (reported === 'ABANDONED' ? INACCURACY : -INACCURACY) > told) return false;
  // What the partner had heard of is given back since; the other may have been extended here after that. In doubt a lease ends twice
  return !before.pending || given - INACCURACY > before.cltt;
}

function isOfSameClient({ before, after }: BindingChange): boolean {
  return after.holder === null || sameHolder(before.holder, after.holder);
}

function takeActive(
  before: Binding,
  after: Binding,
  lease: Lease | undefined,
  desk: DecisionContext,
  moment: Moment,
): void {
  if (!after.holder) return;
  const client = clientOf(after.holder);
  const held = lease?.state === 'active' && lease.client === client.client ? lease : undefined;
  const starts = after.starts * MICROS_PER_SECOND;
  // A lease that stays this server's own ends in the trail when its client was told, though the client may have it longer from the partner,
  // and keeps the port at which it was seen, which a partner that holds it may not tell
  const own = before.own && after.own ? held : undefined;
  desk.leases.put({
    ...client,
    address: after.address,
    state: 'active',
    hostname: after.hostname ?? held?.hostname ?? null,
    start: held?.start ?? starts,
    renewed: starts,
    end: own?.end ?? after.ends * MICROS_PER_SECOND,
    due: dueOf(after.ends, moment),
    port: after.port ?? own?.port ?? null,
  });
}

function isSameLease(before: Binding, after: Binding): boolean {
  return (
    before.status === 'ACTIVE' &&
    after.status === 'ACTIVE' &&
    sameHolder(before.holder, after.holder) &&
    before.starts === after.starts &&
    before.ends === after.ends &&
    samePort(before.port, after.port)
  );
}

function samePort(a: PortObservation | null, b: PortObservation | null): boolean {
  return a?.giaddr === b?.giaddr && a?.option82 === b?.option82;
}

function takeDeclined(after: Binding, lease: Lease | undefined, desk: DecisionContext, moment: Moment): void {
  const known = lease ?? { ...clientOf(NOBODY), hostname: null, start: desk.at, renewed: desk.at, port: null };
  const [end, due] = [after.ends * MICROS_PER_SECOND, dueOf(after.ends, moment)];
  desk.leases.put({ ...known, address: after.address, state: 'declined', end, due });
}

function takeEnded({ after, reported }: BindingChange, lease: Lease, desk: DecisionContext): void {
  const told = reported ?? after.status;
  const isOthers = after.holder !== null && clientOf(after.holder).client !== lease.client;
  const isEnd = lease.state === 'active' && !isOthers && told !== 'ACTIVE' && told !== 'ABANDONED';
  const state = isEnd ? ENDED[told] : 'expired';
  desk.leases.put({ ...lease, state, end: told === 'EXPIRED' ? lease.end : Math.min(lease.end, desk.at) });
  if (isOthers) learn(after, desk.leases.get(after.address), desk);
}

/** Who had the address last, so that he is offered it again. */
function learn(after: Binding, lease: Lease | undefined, desk: DecisionContext): void {
  if (!after.holder || after.ends === 0) return;
  const client = clientOf(after.holder);
  if (lease?.client === client.client) return;
  const start = after.starts * MICROS_PER_SECOND;
  desk.leases.put({
    ...client,
    address: after.address,
    state: 'expired',
    hostname: after.hostname,
    start,
    renewed: start,
    end: Math.min(after.ends * MICROS_PER_SECOND, desk.at),
    due: desk.now,
    port: after.port,
  });
}

function clientOf({ htype, hwaddr, clientId }: Holder): Client {
  return { client: clientKey(htype, hwaddr, clientId), htype, hwaddr, clientId };
}

/** A time of the wall clock on the steady time that leases go by. */
function dueOf(ends: Seconds, { wall, steady }: Moment): Micros {
  return steady + (ends * MICROS_PER_SECOND - wall);
}
