import type { Micros } from '../../base/time.js';
import type { ClientState, EventKind } from '../../ledger/event/event.js';
import { formatIpv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';
import type { Lease } from '../leases/lease.js';
import { textOption } from './client-text.js';
import type { DecisionContext } from './context.js';
import { carriedPort } from './port-rule.js';
import type { PortView } from './port-view.js';

/**
 * Adds an event about a lease to the batch.
 * @param message the request behind it, null if none is
 * @param end the end of the lease as the event states it
 */
export function recordLeaseEvent(
  context: DecisionContext,
  kind: EventKind,
  lease: Lease,
  view: PortView,
  message: DhcpMessage | null,
  clientState: ClientState | null = null,
  end: Micros = lease.end,
): void {
  context.record({
    kind,
    server: context.settings.name,
    address: formatIpv4(lease.address),
    htype: lease.htype,
    hwaddr: Buffer.from(lease.hwaddr, 'latin1'),
    clientId: lease.clientId === null ? null : Buffer.from(lease.clientId, 'latin1'),
    hostname: lease.hostname === null ? null : Buffer.from(lease.hostname, 'latin1'),
    vendorClass: textOption(message, OPTION.vendorClass),
    parameterRequestList: textOption(message, OPTION.parameterRequestList),
    xid: message?.xid ?? null,
    clientState,
    ...view,
    leaseStart: lease.start,
    leaseEnd: end,
    detail: null,
  });
}

/** Ends a lease whose time is over. The event has the end that the client was given. */
export function expireLease(context: DecisionContext, lease: Lease): void {
  context.leases.put({ ...lease, state: 'expired' });
  recordLeaseEvent(context, 'expired', lease, carriedPort(lease.port).view, null);
}

/** Ends a lease before its time, because the server takes it back. */
export function revokeLease(context: DecisionContext, lease: Lease): void {
  context.pairs.of(lease.address)?.revoked(lease.address);
  withdrawLease(context, lease);
}

/** As {@link revokeLease}, where the partner has ended the lease already: it is not informed. */
export function withdrawLease(context: DecisionContext, lease: Lease): void {
  context.leases.put({ ...lease, state: 'revoked', end: context.at, due: context.now });
  recordLeaseEvent(context, 'revoked', lease, carriedPort(lease.port).view, null, null, context.at);
}

/**
 * The lease of an address as of now. A lease or quarantine whose time is over is ended first, except on an address that is shared with a
 * partner: there both servers must agree on the end.
 */
export function currentLease(context: DecisionContext, address: number): Lease | undefined {
  const lease = context.leases.get(address);
  if (context.pairs.of(address)) return lease;
  if (lease?.state === 'active' && lease.due <= context.now) {
    expireLease(context, lease);
    return context.leases.get(address);
  }
  if (lease?.state === 'declined' && lease.due <= context.now) {
    context.leases.endQuarantine(lease);
    return context.leases.get(address);
  }
  return lease;
}
