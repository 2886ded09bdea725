import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';
import type { LeaseTimes } from '../settings.js';

/** Seconds of a lease: what the client requests (option 51) within the limits, else the default. */
export function leaseSeconds(message: DhcpMessage, times: LeaseTimes): number {
  const requested = message.options.get(OPTION.leaseTime);
  if (requested?.length !== 4) return times.default;
  return Math.min(Math.max(requested.readUInt32BE(0), times.min), times.max);
}

/** T2 in seconds: from then on the client asks any server (RFC 2131 section 4.4.5). */
export function rebindingSeconds(seconds: number, times: LeaseTimes): number {
  return Math.min(times.rebinding ?? Math.floor(seconds * 0.875), seconds);
}

/** T1 in seconds: from then on the client asks its own server. */
export function renewalSeconds(seconds: number, times: LeaseTimes): number {
  return Math.min(times.renewal ?? Math.floor(seconds / 2), rebindingSeconds(seconds, times));
}
