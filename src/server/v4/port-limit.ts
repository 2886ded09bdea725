import { formatHardwareAddress } from '../../base/hardware-address.js';
import { toText } from '../../base/text.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { Lease, PortObservation } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DecisionContext } from './context.js';
import { identityOf } from './port-view.js';
import type { Requester } from './requester.js';

/** Switch and port as one string, for counting. Null without a circuit-id: the packet then names a switch and no port. */
export function portName(port: PortObservation): string | null {
  const { switch: device, circuitId } = identityOf(port);
  return circuitId === null ? null : `${device.kind}${device.value.length}:${device.value}${circuitId}`;
}

/**
 * True if one more lease on this port would exceed the limit. `leaving` are the leases that it would end or replace: one of them on the
 * same port makes room. So renewals succeed even after the limit was lowered.
 */
export function isPortFull(
  requester: Requester,
  port: PortObservation | null,
  leaving: readonly (Lease | undefined)[],
  context: DecisionContext,
): boolean {
  const name = nameIfNew(port, leaving, context);
  return name !== null && isFull(requester, port!, usedOn(name, context), context);
}

/** The port that an offer counts on, null if on none; or that the port is full. */
export type OfferPort = { readonly kind: 'room'; readonly port: string | null } | { readonly kind: 'full' };

const UNCOUNTED: OfferPort = { kind: 'room', port: null };
const FULL: OfferPort = { kind: 'full' };

/**
 * The port that an offer counts on. Offers count as leases here: otherwise a flood of DISCOVERs could hold every address of a pool
 * without requesting one.
 */
export function portForOffer(
  requester: Requester,
  network: Network,
  port: PortObservation | null,
  leaving: readonly (Lease | undefined)[],
  context: DecisionContext,
): OfferPort {
  const name = nameIfNew(port, leaving, context);
  if (name === null) return UNCOUNTED;
  const others = context.leases.offersOnPort(name, network, requester.client.client);
  return isFull(requester, port!, usedOn(name, context) + others, context) ? FULL : { kind: 'room', port: name };
}

function nameIfNew(
  port: PortObservation | null,
  leaving: readonly (Lease | undefined)[],
  context: DecisionContext,
): string | null {
  if (context.settings.maxLeasesPerPort === undefined || port === null) return null;
  const name = portName(port);
  return leaving.some((lease) => lease && name === context.leases.portOf(lease)) ? null : name;
}

/**
 * What counts against the limit: leases, and declined addresses beyond the limit. A conflict now and then costs the port nothing, and a
 * client that declines every address takes at most twice the limit from a pool.
 */
function usedOn(name: string, context: DecisionContext): number {
  const beyond = context.leases.declinedOnPort(name) - context.settings.maxLeasesPerPort!;
  return context.leases.leasesOnPort(name) + Math.max(0, beyond);
}

function isFull(
  { client, message }: Requester,
  port: PortObservation,
  used: number,
  context: DecisionContext,
): boolean {
  const limit = context.settings.maxLeasesPerPort!;
  if (used < limit) return false;
  const { switch: device, circuitId } = identityOf(port);
  context.warn('port-lease-limit', {
    switch: device.kind === 0 ? formatIpv4(port.giaddr) : textOf(device.value),
    port: textOf(circuitId!),
    limit,
    client: formatHardwareAddress(message.chaddr),
    ...(client.clientId === null ? {} : { clientId: textOf(client.clientId) }),
  });
  return true;
}

function textOf(latin1: string): string {
  return toText(Buffer.from(latin1, 'latin1'));
}
