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

/** State in the lease table, by the binding status that the partner reported for an address that is no longer leased. */
const ENDED: Readonly<Record<Exclude<Binding['status'], 'ACTIVE' | 'ABANDONED'>, LeaseState>> = {
  FREE: 'expired',
  BACKUP: 'expired',
  EXPIRED: 'expired',
  RELEASED: 'released',
  RESET: 'revoked',
};
/** Statuses that a partner reports for a lease that was ended there before its time. */
const ENDED_EARLY: ReadonlySet<Binding['status'] | null> = new Set(['RELEASED', 'RESET', 'ABANDONED'] as const);
/** How exactly the difference of the clocks is known, seconds. */
const INACCURACY: Seconds = 2;
/** Stands for the client of an address that was declined and has no known client. */
const NOBODY: Holder = { htype: 0, hwaddr: '', clientId: null };

/**
 * Applies to the lease table a change that the failover endpoint made by itself. Each event is recorded by one server: the one that sent
 * the ACK or received the RELEASE. So this server records only the end of leases that it was the last to grant, whichever server found
 * that they are over.
 */
export function applyChange(change: BindingChange, context: DecisionContext, moment: Moment): void {
  const { before, after } = change;
  // An assumed lease was promised to no client, and an update that changes nothing is no news: the lease stays as it is
  if (change.cause === 'assumed' || isSameLease(before, after)) return;
  recordOwnEnd(change, context);
  const lease = context.leases.get(after.address);
  if (after.status === 'ACTIVE') takeActive(before, after, lease, context, moment);
  else if (after.status === 'ABANDONED') takeDeclined(after, lease, context, moment);
  else if (lease?.state === 'active' || lease?.state === 'declined') takeEnded(change, lease, context);
  else noteLastClient(after, lease, context);
}

/**
 * Records the end of a lease that this server was the last to grant, with the end that it promised to the client. If the client gave the
 * lease back to the partner, or extended it there, the partner records that.
 */
function recordOwnEnd(change: BindingChange, context: DecisionContext): void {
  const { before, after, cause } = change;
  const lease = context.leases.get(after.address);
  const staysOwn = after.own && after.status === 'ACTIVE';
  if (!before.own || staysOwn || lease?.state !== 'active') return;
  const isOver = !isActive(lease, context.now) || change.reported === 'EXPIRED';
  if (cause === 'expired') expireLease(context, lease);
  else if (cause !== 'partner') return;
  else if (isOver && !isPartnersToEnd(change, lease)) expireLease(context, lease);
  // The partner gave the address to another client, or got it back, before it knew what this server had promised
  else if (!isOver && before.pending && !isPartnersToEnd(change, lease)) withdrawLease(context, lease);
}

/** True if the partner was the last to hear the client, within the time that this server had promised. */
function isPartnersToEnd(change: BindingChange, lease: Lease): boolean {
  if (!isOfSameClient(change)) return false;
  const { before, after, reported, isPartners, clockAhead } = change;
  // The partner only assumed a lease that this server had granted: it ends when this server said, however long the partner assumed it
  if (isPartners === false) return false;
  // The partner ended its own, earlier lease: no client was promised the time after it
  if (isPartners && before.pending && before.cltt > after.cltt + clockAhead + INACCURACY) return false;
  const promised = Math.ceil(lease.end / MICROS_PER_SECOND);
  if (reported === 'ACTIVE') return after.starts + clockAhead <= promised;
  const ends = after.ends + (isPartners ? clockAhead : 0);
  if (!ENDED_EARLY.has(reported)) return ends > Math.max(promised, before.ends);
  const endedAt = Math.max(after.cltt, after.starts) + clockAhead;
  // An update about a declined address does not name the client: after the end it may have been another one
  if (endedAt + (reported === 'ABANDONED' ? INACCURACY : -INACCURACY) > promised) return false;
  // While an extension is pending, the partner does not know it: the client may have extended here after it ended the lease there. In
  // doubt both servers record an end
  return !before.pending || endedAt - INACCURACY > before.cltt;
}

function isOfSameClient({ before, after }: BindingChange): boolean {
  return after.holder === null || sameHolder(before.holder, after.holder);
}

function takeActive(
  before: Binding,
  after: Binding,
  lease: Lease | undefined,
  context: DecisionContext,
  moment: Moment,
): void {
  if (!after.holder) return;
  const client = clientOf(after.holder);
  const known = lease?.state === 'active' && lease.client === client.client ? lease : undefined;
  const starts = after.starts * MICROS_PER_SECOND;
  // A lease that stays this server's own ends in the trail when this server promised, even if the partner extended it. It keeps its port,
  // which the partner may not report
  const own = before.own && after.own ? known : undefined;
  context.leases.put({
    ...client,
    address: after.address,
    state: 'active',
    hostname: after.hostname ?? known?.hostname ?? null,
    start: known?.start ?? starts,
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

function takeDeclined(after: Binding, lease: Lease | undefined, context: DecisionContext, moment: Moment): void {
  const last = lease ?? { ...clientOf(NOBODY), hostname: null, start: context.at, renewed: context.at, port: null };
  const [end, due] = [after.ends * MICROS_PER_SECOND, dueOf(after.ends, moment)];
  context.leases.put({ ...last, address: after.address, state: 'declined', end, due });
}

function takeEnded({ after, reported }: BindingChange, lease: Lease, context: DecisionContext): void {
  const status = reported ?? after.status;
  const isOthers = after.holder !== null && clientOf(after.holder).client !== lease.client;
  const isEnd = lease.state === 'active' && !isOthers && status !== 'ACTIVE' && status !== 'ABANDONED';
  const state = isEnd ? ENDED[status] : 'expired';
  context.leases.put({ ...lease, state, end: status === 'EXPIRED' ? lease.end : Math.min(lease.end, context.at) });
  if (isOthers) noteLastClient(after, context.leases.get(after.address), context);
}

/** Notes the address's last client, so that it is offered the address again. */
function noteLastClient(after: Binding, lease: Lease | undefined, context: DecisionContext): void {
  if (!after.holder || after.ends === 0) return;
  const client = clientOf(after.holder);
  if (lease?.client === client.client) return;
  const start = after.starts * MICROS_PER_SECOND;
  context.leases.put({
    ...client,
    address: after.address,
    state: 'expired',
    hostname: after.hostname,
    start,
    renewed: start,
    end: Math.min(after.ends * MICROS_PER_SECOND, context.at),
    due: context.now,
    port: after.port,
  });
}

function clientOf({ htype, hwaddr, clientId }: Holder): Client {
  return { client: clientKey(htype, hwaddr, clientId), htype, hwaddr, clientId };
}

/** Converts a time of the wall clock to steady time, by which leases end. */
function dueOf(ends: Seconds, { wall, steady }: Moment): Micros {
  return steady + (ends * MICROS_PER_SECOND - wall);
}
