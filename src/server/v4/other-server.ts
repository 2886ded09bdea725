import type { Ipv4 } from '../../net/ipv4.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { type Drop, drop } from './decision.js';
import type { Desk } from './ledger.js';
import { addressOption, type Requester } from './requester.js';

/** True if a release or a decline names another server. Either is sent to the address that the client knows, whatever a relay overrides. */
export function isForOther({ message, serverId, datagram }: Requester): boolean {
  const chosen = addressOption(message, OPTION.serverIdentifier);
  return chosen !== undefined && chosen !== serverId && chosen !== datagram.endpoint.address;
}

/** Why a message that names another server is left alone: with a shared address that one is the partner, to which the relay sent it as well. */
export function otherChosen({ message, datagram }: Requester, address: Ipv4 | undefined, desk: Desk): Drop {
  const chosen = addressOption(message, OPTION.serverIdentifier);
  const pair = address === undefined ? undefined : desk.pairs.of(address);
  const isPartner = chosen !== undefined && pair?.isPartner(chosen, datagram.endpoint.address);
  return drop(isPartner ? 'failover-partner-chosen' : 'other-server-chosen');
}
