import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';
import type { LeaseTimes } from '../settings.js';

/** The lease time in seconds: what the client asks for (option 51) within the limits, else the default. */
export function leaseSeconds(message: DhcpMessage, times: LeaseTimes): number {
  const asked = message.options.get(OPTION.leaseTime);
  if (asked?.length !== 4) return times.default;
  return Math.min(Math.max(asked.readUInt32BE(0), times.min), times.max);
}

/** T2 in seconds: when a client with this lease turns from its server to any (RFC 2131 section 4.4.5). */
export function rebindingSeconds(seconds: number, times: LeaseTimes): number {
  return Math.min(times.rebinding ?? Math.floor(seconds * 0.875), seconds);
}

/** T1 in seconds: when it begins to renew. */
export function renewalSeconds(seconds: number, times: LeaseTimes): number {
  return Math.min(times.renewal ?? Math.floor(seconds / 2), rebindingSeconds(seconds, times));
}
