import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { BindingChange, Moment } from '../../failover/api.js';
import type { Binding, Holder, Seconds } from '../../failover/binding.js';
import { type Client, clientKey, type Lease, type LeaseState } from '../../lease/lease.js';
import { type Desk, recordLeaseEvent } from '../ledger.js';
import { carriedPort } from '../port-rule.js';

/** What an address that the partner says is no longer leased is in the lease table. */
const ENDED: Readonly<Record<Exclude<Binding['status'], 'ACTIVE' | 'ABANDONED'>, LeaseState>> = {
  FREE: 'expired',
  BACKUP: 'expired',
  EXPIRED: 'expired',
  RELEASED: 'released',
  RESET: 'revoked',
};
/** Of an address that was declined before anybody was known to hold it. */
const NOBODY: Holder = { htype: 0, hwaddr: '', clientId: null };

/**
 * Brings the lease table in line with what the failover endpoint did by itself. The trail gets an event from the server alone that
 * knows of it at first hand: who sent the ACK, or got the RELEASE. Only the end of a lease that this server was the last to grant is
 * its own to record, whoever found that it is over.
 */
export function applyChange(change: BindingChange, desk: Desk, moment: Moment): void {
  const { before, after } = change;
  // Nobody was told of the hold: the lease is what it was
  if (change.cause === 'held') return;
  const lease = desk.leases.get(after.address);
  if (after.status === 'ACTIVE') takeActive(before, after, lease, desk, moment);
  else if (after.status === 'ABANDONED') takeDeclined(after, lease, desk, moment);
  else if (lease?.state === 'active' || lease?.state === 'declined') takeEnded(change, lease, desk);
  else learn(after, lease, desk);
}

function takeActive(before: Binding, after: Binding, lease: Lease | undefined, desk: Desk, moment: Moment): void {
  if (!after.holder || isSameTerm(before, after, lease)) return;
  const client = clientOf(after.holder);
  const held = lease?.state === 'active' && lease.client === client.client ? lease : undefined;
  const starts = after.starts * MICROS_PER_SECOND;
  desk.leases.put({
    ...client,
    address: after.address,
    state: 'active',
    hostname: after.hostname ?? held?.hostname ?? null,
    start: held?.start ?? starts,
    renewed: starts,
    end: after.ends * MICROS_PER_SECOND,
    due: dueOf(after.ends, moment),
    port: after.port,
  });
}

/** An acknowledgement, or another word about what is known: the lease keeps its own, finer times. */
function isSameTerm(before: Binding, after: Binding, lease: Lease | undefined): boolean {
  return (
    lease?.state === 'active' &&
    before.status === 'ACTIVE' &&
    before.holder === after.holder &&
    before.ends === after.ends &&
    before.port === after.port
  );
}

function takeDeclined(after: Binding, lease: Lease | undefined, desk: Desk, moment: Moment): void {
  const known = lease ?? { ...clientOf(NOBODY), hostname: null, start: desk.at, renewed: desk.at, port: null };
  const [end, due] = [after.ends * MICROS_PER_SECOND, dueOf(after.ends, moment)];
  desk.leases.put({ ...known, address: after.address, state: 'declined', end, due });
}

function takeEnded({ before, after, cause, reported }: BindingChange, lease: Lease, desk: Desk): void {
  const told = reported ?? after.status;
  const state = lease.state === 'active' && told !== 'ACTIVE' && told !== 'ABANDONED' ? ENDED[told] : 'expired';
  const isOver = cause === 'expired' || reported === 'EXPIRED';
  desk.leases.put({ ...lease, state, end: isOver ? lease.end : Math.min(lease.end, desk.at) });
  if (isOver && before.own && lease.state === 'active') {
    recordLeaseEvent(desk, 'expired', lease, carriedPort(lease.port).view, null);
  }
}

/** Who had the address last, so that he is offered it again. */
function learn(after: Binding, lease: Lease | undefined, desk: Desk): void {
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
