const ETHERTYPE_IPV4 = 0x0800;
const ETHERNET_HEADER = 14;
const UDP_HEADER = 8;
const PROTOCOL_UDP = 17;
const SERVER_PORT = 67;
const FIRST_OPTION = 240;
const OPTION_82 = 82;
const PAD = 0;
const END = 255;

/** Offsets of the parts of an Ethernet frame with a UDP datagram. */
interface UdpFrame {
  frame: Buffer;
  udp: number;
  sourcePort: number;
  destinationPort: number;
}

/** Reads a frame; undefined if there is no UDP datagram in it (or only a fragment of one). */
export function readUdpFrame(frame: Buffer): UdpFrame | undefined {
  if (frame.length < 42 || frame.readUInt16BE(12) !== ETHERTYPE_IPV4 || frame[23] !== PROTOCOL_UDP) return undefined;
  if ((frame.readUInt16BE(20) & 0x3fff) !== 0) return undefined;
  const udp = ETHERNET_HEADER + (frame[ETHERNET_HEADER]! & 0x0f) * 4;
  return { frame, udp, sourcePort: frame.readUInt16BE(udp), destinationPort: frame.readUInt16BE(udp + 2) };
}

/** True if a DHCP client sent it. */
export function isRequest({ destinationPort }: UdpFrame): boolean {
  return destinationPort === SERVER_PORT;
}

/** True if a DHCP server sent it to a client. */
export function isReply({ sourcePort, destinationPort }: UdpFrame): boolean {
  return sourcePort === SERVER_PORT && destinationPort !== SERVER_PORT;
}

/**
 * The frame without a UDP checksum (RFC 768 allows that in IPv4). Frames from a virtual cable may have an incomplete checksum, which a network
 * card would complete.
 */
export function withoutChecksum({ frame, udp }: UdpFrame): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt16BE(0, udp + 6);
  return copy;
}

/** The frame with Option 82 as its last option. */
export function insertOption82(parts: UdpFrame, payload: Buffer): Buffer {
  const end = findOption(parts, END)?.start;
  if (end === undefined) return withoutChecksum(parts);
  const message = messageOf(parts);
  const option = Buffer.from([OPTION_82, payload.length, ...payload, END]);
  return withMessage(parts, Buffer.concat([message.subarray(0, end), option]));
}

/** The frame without Option 82, and the value that it had; undefined if there is none. */
export function removeOption82(parts: UdpFrame): { frame: Buffer; payload: Buffer } | undefined {
  const found = findOption(parts, OPTION_82);
  if (!found) return undefined;
  const message = messageOf(parts);
  const payload = message.subarray(found.start + 2, found.end);
  const rest = Buffer.concat([message.subarray(0, found.start), message.subarray(found.end)]);
  return { frame: withMessage(parts, rest), payload };
}

function messageOf({ frame, udp }: UdpFrame): Buffer {
  return frame.subarray(udp + UDP_HEADER, udp + frame.readUInt16BE(udp + 4));
}

/** The position of an option inside the message. */
function findOption(parts: UdpFrame, code: number): { start: number; end: number } | undefined {
  const message = messageOf(parts);
  for (let at = FIRST_OPTION; at < message.length; ) {
    const found = message[at]!;
    const end = found === PAD || found === END ? at + 1 : at + 2 + (message[at + 1] ?? 0);
    if (found === code) return { start: at, end };
    if (found === END) return undefined;
    at = end;
  }
  return undefined;
}

/** The frame with another message; sets the lengths and the IP header's checksum. */
function withMessage({ frame, udp }: UdpFrame, message: Buffer): Buffer {
  const result = Buffer.concat([frame.subarray(0, udp + UDP_HEADER), message]);
  result.writeUInt16BE(UDP_HEADER + message.length, udp + 4);
  result.writeUInt16BE(0, udp + 6);
  result.writeUInt16BE(result.length - ETHERNET_HEADER, ETHERNET_HEADER + 2);
  result.writeUInt16BE(0, ETHERNET_HEADER + 10);
  result.writeUInt16BE(headerChecksum(result.subarray(ETHERNET_HEADER, udp)), ETHERNET_HEADER + 10);
  return result;
}

function headerChecksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
