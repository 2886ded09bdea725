import type { Ipv4 } from './ipv4.js';

/** Fields of an IPv4 packet with one UDP datagram. */
export interface UdpPacket {
  source: Ipv4;
  sourcePort: number;
  destination: Ipv4;
  destinationPort: number;
  /** At most 65,507 bytes. */
  payload: Uint8Array;
}

const IP_HEADER = 20;
const UDP_HEADER = 8;
const IP_VERSION_AND_WORDS = 0x45;
const LOW_DELAY = 0x10;
const TIME_TO_LIVE = 128;
const PROTOCOL_UDP = 17;

/**
 * Encodes an IPv4 packet (RFC 791) with one UDP datagram (RFC 768), with both checksums, without options, not fragmented. For clients
 * without an address, which the kernel's UDP cannot reach (RFC 2131 section 4.1).
 * @throws RangeError if the payload does not fit into one packet
 */
export function encodeUdpPacket(packet: UdpPacket): Buffer {
  const udpLength = UDP_HEADER + packet.payload.length;
  const bytes = Buffer.alloc(IP_HEADER + udpLength);
  bytes[0] = IP_VERSION_AND_WORDS;
  bytes[1] = LOW_DELAY;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes[8] = TIME_TO_LIVE;
  bytes[9] = PROTOCOL_UDP;
  bytes.writeUInt32BE(packet.source, 12);
  bytes.writeUInt32BE(packet.destination, 16);
  bytes.writeUInt16BE(checksum(sumWords(bytes, 0, IP_HEADER, 0)), 10);

  bytes.writeUInt16BE(packet.sourcePort, IP_HEADER);
  bytes.writeUInt16BE(packet.destinationPort, IP_HEADER + 2);
  bytes.writeUInt16BE(udpLength, IP_HEADER + 4);
  bytes.set(packet.payload, IP_HEADER + UDP_HEADER);
  // The UDP checksum also covers addresses (as in the IP header), protocol and length
  const pseudoHeader = sumWords(bytes, 12, IP_HEADER, PROTOCOL_UDP + udpLength);
  // A checksum of 0 means "none", so a computed 0 is sent as 0xffff
  bytes.writeUInt16BE(checksum(sumWords(bytes, IP_HEADER, bytes.length, pseudoHeader)) || 0xffff, IP_HEADER + 6);
  return bytes;
}

/** Adds the 16-bit words of bytes[from, to) to `sum`; an odd last byte counts as the high half of a word. */
function sumWords(bytes: Buffer, from: number, to: number, sum: number): number {
  let total = sum;
  for (let at = from; at + 1 < to; at += 2) total += bytes.readUInt16BE(at);
  return (to - from) % 2 === 1 ? total + bytes[to - 1]! * 256 : total;
}

/** The one's complement of the one's complement sum (RFC 1071). */
function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
