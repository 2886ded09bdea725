import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DecisionContext } from './context.js';
import { type Drop, drop } from './decision.js';
import { addressOption, type Requester } from './requester.js';

/**
 * True if a RELEASE or DECLINE names another server. Both the override of the relay (RFC 5107) and the address that received the packet
 * count as this server.
 */
export function isForOther({ message, serverId, datagram }: Requester): boolean {
  const chosen = addressOption(message, OPTION.serverIdentifier);
  return chosen !== undefined && chosen !== serverId && chosen !== datagram.endpoint.address;
}

/** Drops a message that names another server. The reason says whether that is the failover partner, which got the message too. */
export function dropForOther(
  { message, datagram }: Requester,
  address: Ipv4 | undefined,
  context: DecisionContext,
): Drop {
  const chosen = addressOption(message, OPTION.serverIdentifier);
  const pair = address === undefined ? undefined : context.pairs.of(address);
  const isPartner = chosen !== undefined && pair?.isPartner(chosen, datagram.endpoint.address);
  return drop(isPartner ? 'failover-partner-chosen' : 'other-server-chosen');
}
