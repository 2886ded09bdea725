import { formatHardwareAddress } from '../../base/hardware-address.js';
import { toText } from '../../base/text.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { Lease, PortObservation } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { Desk } from './ledger.js';
import { identityOf } from './port-view.js';
import type { Requester } from './requester.js';

/**
 * Switch and port as one string, for counting. Null without a circuit-id: then only the switch is known, and its clients are not
 * those of one port.
 */
export function portName(port: PortObservation): string | null {
  const { switch: place, circuitId } = identityOf(port);
  return circuitId === null ? null : `${place.kind}${place.value.length}:${place.value}${circuitId}`;
}

/**
 * True if a lease of this client on this port would be one too many. `leaving` are the leases that it would end or replace: one of them
 * on the same port makes room, so that renewals go on even where the limit was lowered.
 */
export function isPortFull(
  requester: Requester,
  port: PortObservation | null,
  leaving: readonly (Lease | undefined)[],
  desk: Desk,
): boolean {
  const name = nameIfNew(port, leaving, desk);
  return name !== null && isFull(requester, port!, usedOn(name, desk), desk);
}

/**
 * The port that an offer is counted on, null if on none; undefined if the port is full. Offers count as leases here, else a flood of
 * DISCOVERs would hold every address of a pool without ever asking for one.
 */
export function portForOffer(
  requester: Requester,
  network: Network,
  port: PortObservation | null,
  leaving: readonly (Lease | undefined)[],
  desk: Desk,
): string | null | undefined {
  const name = nameIfNew(port, leaving, desk);
  if (name === null) return null;
  const others = desk.leases.offersOnPort(name, network, requester.client.client);
  return isFull(requester, port!, usedOn(name, desk) + others, desk) ? undefined : name;
}

function nameIfNew(port: PortObservation | null, leaving: readonly (Lease | undefined)[], desk: Desk): string | null {
  if (desk.config.maxLeasesPerPort === undefined || port === null) return null;
  const name = portName(port);
  return leaving.some((lease) => lease && name === desk.leases.portOf(lease)) ? null : name;
}

/**
 * Leases on a port, and addresses that were declined there beyond the limit: a conflict now and then costs nobody a lease, but who
 * declines whatever he gets takes no more than twice the limit out of a pool.
 */
function usedOn(name: string, desk: Desk): number {
  const beyond = desk.leases.declinedOnPort(name) - desk.config.maxLeasesPerPort!;
  return desk.leases.leasesOnPort(name) + Math.max(0, beyond);
}

function isFull({ client, message }: Requester, port: PortObservation, used: number, desk: Desk): boolean {
  const limit = desk.config.maxLeasesPerPort!;
  if (used < limit) return false;
  const { switch: place, circuitId } = identityOf(port);
  desk.warn('port-lease-limit', {
    switch: place.kind === 0 ? formatIpv4(port.giaddr) : textOf(place.value),
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
