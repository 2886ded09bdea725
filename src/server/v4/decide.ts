import { MESSAGE_TYPE } from '../../protocol/dhcpv4/codes.js';
import type { Counters } from '../pipeline/counters.js';
import { type Decision, drop } from './decision.js';
import { discover } from './discover.js';
import { decline, inform, release } from './ending.js';
import type { Desk } from './ledger.js';
import { request } from './request.js';
import type { Requester } from './requester.js';

/** Decides about one request, and puts the decision into effect in leases, pairs and events. */
export function decide(requester: Requester, desk: Desk, counters: Counters): Decision {
  if (requester.message.relayAgent.state === 'malformed') counters.count('option-82-malformed');
  switch (requester.type) {
    case MESSAGE_TYPE.discover:
      return discover(requester, desk);
    case MESSAGE_TYPE.request:
      return request(requester, desk);
    case MESSAGE_TYPE.decline:
      return decline(requester, desk);
    case MESSAGE_TYPE.release:
      return release(requester, desk);
    case MESSAGE_TYPE.inform:
      return inform(requester, desk);
    default:
      return drop('unsupported-message-type');
  }
}
