import { MESSAGE_TYPE } from '../../protocol/dhcpv4/codes.js';
import type { Counters } from '../pipeline/counters.js';
import type { DecisionContext } from './context.js';
import { type Decision, drop } from './decision.js';
import { discover } from './discover.js';
import { decline, inform, release } from './ending.js';
import { request } from './request.js';
import type { Requester } from './requester.js';

/** Decides about one request, and puts the decision into effect in leases, pairs and events. */
export function decide(requester: Requester, context: DecisionContext, counters: Counters): Decision {
  if (requester.message.relayAgent.state === 'malformed') counters.count('option-82-malformed');
  switch (requester.type) {
    case MESSAGE_TYPE.discover:
      return discover(requester, context);
    case MESSAGE_TYPE.request:
      return request(requester, context);
    case MESSAGE_TYPE.decline:
      return decline(requester, context);
    case MESSAGE_TYPE.release:
      return release(requester, context);
    case MESSAGE_TYPE.inform:
      return inform(requester, context);
    default:
      return drop('unsupported-message-type');
  }
}
