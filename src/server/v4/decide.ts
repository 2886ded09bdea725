import { MESSAGE_TYPE } from '../../protocol/dhcpv4/codes.js';
import type { Counters, DropReason } from '../pipeline/counters.js';
import { discover } from './discover.js';
import { decline, inform, release } from './ending.js';
import type { Desk, ReplyPlan } from './ledger.js';
import { request } from './request.js';
import type { Requester } from './requester.js';

/** Decides about one request: an answer, a reason for none, or undefined where the protocol has none (RELEASE, DECLINE). */
export function decide(requester: Requester, desk: Desk, counters: Counters): ReplyPlan | DropReason | undefined {
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
      return 'unsupported-message-type';
  }
}
