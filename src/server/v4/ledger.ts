import type { Micros } from '../../base/time.js';
import type { ClientState, EventDraft, EventKind } from '../../ledger/event/event.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { Logger } from '../../operate/log/logger.js';
import { clientFqdnName } from '../../protocol/dhcpv4/client-fqdn.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';
import type { Lease } from '../leases/lease.js';
import type { LeaseTable } from '../leases/table.js';
import type { Pair } from '../pair/pair.js';
import type { ServerSettings } from '../settings.js';
import { carriedPort, type DirectRequests } from './port-rule.js';
import type { PortView } from './port-view.js';
import type { Topology } from './topology.js';

/** What an event keeps of a text option; longer ones do not exist outside attacks. */
const MAX_TEXT = 255;

/** What a handler may look at and change while it decides about one request. */
export interface Desk {
  readonly config: ServerSettings;
  readonly topology: Topology;
  readonly leases: LeaseTable;
  readonly direct: DirectRequests;
  /** Finds the relationship that shares an address with a partner. */
  readonly pairs: { of(address: number): Pair | undefined };
  /** Steady time: leases, offers and quarantines go by it. */
  readonly now: Micros;
  /** The `at` of this batch's events: the wall clock, held where that stepped back. */
  readonly at: Micros;
  /** Adds an event to the batch's commit. */
  record(event: EventDraft): void;
  /** Logs what clients can bring about, at a limited rate. */
  readonly warn: Logger['limited'];
}

/** Records a lease event of a request. */
export function recordLeaseEvent(
  desk: Desk,
  kind: EventKind,
  lease: Lease,
  view: PortView,
  message: DhcpMessage | null,
  clientState: ClientState | null = null,
  end: Micros = lease.end,
): void {
  desk.record({
    kind,
    server: desk.config.name,
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

/** Ends a lease whose time is over: an event of its own, with the true end. */
export function expireLease(desk: Desk, lease: Lease): void {
  desk.leases.put({ ...lease, state: 'expired' });
  recordLeaseEvent(desk, 'expired', lease, carriedPort(lease.port).view, null);
}

/** Ends a lease that the server takes back before its time. */
export function revokeLease(desk: Desk, lease: Lease): void {
  desk.pairs.of(lease.address)?.revoked(lease.address);
  withdrawLease(desk, lease);
}

/** Ends a lease before its time in the lease table and the trail alone: the partner has ended it already. */
export function withdrawLease(desk: Desk, lease: Lease): void {
  desk.leases.put({ ...lease, state: 'revoked', end: desk.at, due: desk.now });
  recordLeaseEvent(desk, 'revoked', lease, carriedPort(lease.port).view, null, null, desk.at);
}

/**
 * The lease of an address as it is now: one whose end has passed unnoticed so far is expired first, unless it is shared: then it is over
 * once both servers say so.
 */
export function currentLease(desk: Desk, address: number): Lease | undefined {
  const lease = desk.leases.get(address);
  if (desk.pairs.of(address)) return lease;
  if (lease?.state === 'active' && lease.due <= desk.now) {
    expireLease(desk, lease);
    return desk.leases.get(address);
  }
  if (lease?.state === 'declined' && lease.due <= desk.now) {
    desk.leases.endQuarantine(lease);
    return desk.leases.get(address);
  }
  return lease;
}

/** The client's name: option 12, else the name in option 81 (RFC 4702 section 2), latin1. */
export function hostnameOf(message: DhcpMessage): string | null {
  const fqdn = message.options.get(OPTION.clientFqdn);
  const name = message.options.get(OPTION.hostName) ?? (fqdn && clientFqdnName(fqdn));
  return name && name.length > 0 ? name.subarray(0, MAX_TEXT).toString('latin1') : null;
}

function textOption(message: DhcpMessage | null, code: number): Uint8Array | null {
  return message?.options.get(code)?.subarray(0, MAX_TEXT) ?? null;
}
