import type { Ipv4 } from '../../net/ipv4.js';
import { decodeRelayAgent, NO_RELAY_AGENT, type RelayAgent } from '../relay-agent/relay-agent.js';
import { DecodeError } from './errors.js';
import { CHADDR_LENGTH, FILE_LENGTH, MAGIC_COOKIE, OFFSET, readUint32, SNAME_LENGTH } from './layout.js';
import { OptionCollector } from './option-area.js';

export { type EncodedMessage, encodeMessage, type OutgoingMessage } from './encode.js';

/** A received DHCP message (RFC 2131 section 2). All numbers are unsigned; all buffers are views of the datagram. */
export interface DhcpMessage {
  /** 1 = from a client, 2 = from a server. */
  op: number;
  htype: number;
  /** 0-16. */
  hlen: number;
  hops: number;
  xid: number;
  /** Seconds since the client began, by its own account. */
  secs: number;
  flags: number;
  ciaddr: Ipv4;
  yiaddr: Ipv4;
  siaddr: Ipv4;
  giaddr: Ipv4;
  /** hlen bytes. */
  chaddr: Buffer;
  /** 64 bytes; none if the field held options (option 52). */
  sname: Buffer;
  /** 128 bytes; none if the field held options. */
  file: Buffer;
  /** Code to value, instances joined (RFC 3396), in order of first appearance; 0, 52, 82 and 255 are never inside. */
  options: Map<number, Buffer>;
  /** Option 82. */
  relayAgent: RelayAgent;
}

const NOTHING = Buffer.alloc(0);

/**
 * Reads the payload of a UDP datagram. The message has views of it, so the bytes must not be reused. A missing END is tolerated.
 * @throws DecodeError, and nothing else, whatever the bytes
 */
export function decodeMessage(datagram: Uint8Array): DhcpMessage {
  const bytes = Buffer.isBuffer(datagram)
    ? datagram
    : Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  checkHeader(bytes);
  const found = new OptionCollector();
  found.walk(bytes, OFFSET.options, bytes.length, true);
  // RFC 3396 section 7: the options field first, then file, then sname.
  const fileOverloaded = (found.overload & 1) !== 0;
  const snameOverloaded = (found.overload & 2) !== 0;
  if (fileOverloaded) found.walk(bytes, OFFSET.file, OFFSET.file + FILE_LENGTH, false);
  if (snameOverloaded) found.walk(bytes, OFFSET.sname, OFFSET.sname + SNAME_LENGTH, false);
  found.join();
  const hlen = bytes[OFFSET.hlen]!;
  return {
    op: bytes[OFFSET.op]!,
    htype: bytes[OFFSET.htype]!,
    hlen,
    hops: bytes[OFFSET.hops]!,
    xid: readUint32(bytes, OFFSET.xid),
    secs: (bytes[OFFSET.secs]! << 8) | bytes[OFFSET.secs + 1]!,
    flags: (bytes[OFFSET.flags]! << 8) | bytes[OFFSET.flags + 1]!,
    ciaddr: readUint32(bytes, OFFSET.ciaddr),
    yiaddr: readUint32(bytes, OFFSET.yiaddr),
    siaddr: readUint32(bytes, OFFSET.siaddr),
    giaddr: readUint32(bytes, OFFSET.giaddr),
    chaddr: bytes.subarray(OFFSET.chaddr, OFFSET.chaddr + hlen),
    sname: snameOverloaded ? NOTHING : bytes.subarray(OFFSET.sname, OFFSET.sname + SNAME_LENGTH),
    file: fileOverloaded ? NOTHING : bytes.subarray(OFFSET.file, OFFSET.file + FILE_LENGTH),
    options: found.options,
    relayAgent: found.relayAgent ? decodeRelayAgent(found.relayAgent, found.relayAgentOverloaded) : NO_RELAY_AGENT,
  };
}

function checkHeader(bytes: Buffer): void {
  if (bytes.length < OFFSET.options)
    throw new DecodeError('short', bytes.length, `Datagram of ${bytes.length} bytes is shorter than a DHCP header`);
  const op = bytes[OFFSET.op]!;
  if (op !== 1 && op !== 2) throw new DecodeError('op', OFFSET.op, `Operation ${op} is neither 1 nor 2`);
  const hlen = bytes[OFFSET.hlen]!;
  if (hlen > CHADDR_LENGTH)
    throw new DecodeError('hlen', OFFSET.hlen, `Hardware address length ${hlen} is above ${CHADDR_LENGTH}`);
  if (readUint32(bytes, OFFSET.cookie) !== MAGIC_COOKIE)
    throw new DecodeError('magic-cookie', OFFSET.cookie, 'Options do not start with the magic cookie of DHCP');
}
