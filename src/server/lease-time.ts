import type { LeaseTimes } from '../config/types.js';
import { OPTION } from '../wire/codes.js';
import type { DhcpMessage } from '../wire/message.js';

/** The lease time in seconds: what the client asks for (option 51) within the limits, else the default. */
export function leaseSeconds(message: DhcpMessage, times: LeaseTimes): number {
  const asked = message.options.get(OPTION.leaseTime);
  if (asked?.length !== 4) return times.default;
  return Math.min(Math.max(asked.readUInt32BE(0), times.min), times.max);
}
