import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';

/** IP and UDP header. Every known client includes them in option 57. */
const HEADERS = 28;
/** What every client must accept (RFC 2131 section 2). */
const DEFAULT_SIZE = 576;
/** Ethernet's MTU, so that no reply is fragmented. */
const LARGEST_SIZE = 1500;

/** Bytes that the DHCP message of a reply may have: option 57 (RFC 2132 section 9.10), within 576 to 1500, less the headers. */
export function messageBytesLimit(message: DhcpMessage): number {
  const requested = message.options.get(OPTION.maxMessageSize);
  const size = requested?.length === 2 ? requested.readUInt16BE(0) : DEFAULT_SIZE;
  return Math.min(Math.max(size, DEFAULT_SIZE), LARGEST_SIZE) - HEADERS;
}
