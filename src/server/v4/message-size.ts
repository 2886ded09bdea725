import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';

/** IP and UDP header, which option 57 includes as every known client means it. */
const HEADERS = 28;
/** What every client must accept (RFC 2131 section 2). */
const DEFAULT_SIZE = 576;
/** Ethernet's MTU: a reply shall not be fragmented. */
const LARGEST_SIZE = 1500;

/** How many bytes the reply's DHCP message may have: maximum message size (RFC 2132 section 9.10) within 576 to 1500. */
export function messageBytesLimit(message: DhcpMessage): number {
  const asked = message.options.get(OPTION.maxMessageSize);
  const size = asked?.length === 2 ? asked.readUInt16BE(0) : DEFAULT_SIZE;
  return Math.min(Math.max(size, DEFAULT_SIZE), LARGEST_SIZE) - HEADERS;
}
