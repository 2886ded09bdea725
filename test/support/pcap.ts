import { readFileSync } from 'node:fs';
import type { Micros } from '../../src/base/time.js';
import type { Ipv4 } from '../../src/net/ipv4.js';

/** A UDP datagram to or from a DHCP port, as it was captured. */
export interface CapturedPacket {
  time: Micros;
  /** Six pairs of hex with colons. */
  srcMac: string;
  src: Ipv4;
  dst: Ipv4;
  srcPort: number;
  dstPort: number;
  payload: Buffer;
}

const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;
const LINK_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_VLAN = 0x8100;
const PROTOCOL_UDP = 17;

/** The DHCP packets of a pcap file (Ethernet, 802.1Q or not, IPv4, not fragmented), in order. Throws on any other file. */
export function readDhcpPackets(file: string): CapturedPacket[] {
  const bytes = readFileSync(file);
  const littleEndian = [MAGIC_MICROS, MAGIC_NANOS].includes(bytes.readUInt32LE(0));
  const read32 = (offset: number): number => (littleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  const magic = read32(0);
  if (![MAGIC_MICROS, MAGIC_NANOS].includes(magic) || read32(20) !== LINK_ETHERNET)
    throw new Error(`${file} is not a pcap file of Ethernet frames`);
  const packets: CapturedPacket[] = [];
  for (let offset = 24; offset + 16 <= bytes.length; ) {
    const fraction = magic === MAGIC_NANOS ? Math.floor(read32(offset + 4) / 1000) : read32(offset + 4);
    const length = read32(offset + 8);
    const frame = bytes.subarray(offset + 16, offset + 16 + length);
    const packet = parseFrame(frame, read32(offset) * 1_000_000 + fraction);
    if (packet) packets.push(packet);
    offset += 16 + length;
  }
  return packets;
}

function parseFrame(frame: Buffer, time: Micros): CapturedPacket | undefined {
  const tag = frame.readUInt16BE(12) === ETHERTYPE_VLAN ? 4 : 0;
  if (frame.readUInt16BE(12 + tag) !== ETHERTYPE_IPV4) return undefined;
  const ip = frame.subarray(14 + tag);
  const fragment = ip.readUInt16BE(6) & 0x3fff;
  if (ip[9] !== PROTOCOL_UDP || fragment !== 0) return undefined;
  const udp = ip.subarray((ip[0]! & 0x0f) * 4, ip.readUInt16BE(2));
  const [srcPort, dstPort] = [udp.readUInt16BE(0), udp.readUInt16BE(2)];
  if (![67, 68].includes(srcPort) && ![67, 68].includes(dstPort)) return undefined;
  return {
    time,
    srcMac: frame.toString('hex', 6, 12).replace(/..(?=.)/g, '$&:'),
    src: ip.readUInt32BE(12),
    dst: ip.readUInt32BE(16),
    srcPort,
    dstPort,
    payload: Buffer.from(udp.subarray(8, udp.readUInt16BE(4))),
  };
}
