import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../fixtures/failover', import.meta.url));
const FAILOVER_PORT = 647;
const PROTOCOL_TCP = 6;
const SYN = 2;

/** What one side sent on one TCP connection. */
export interface CapturedStream {
  file: string;
  /** Source and destination. */
  name: string;
  bytes: Buffer;
}

interface Segment {
  name: string;
  isSyn: boolean;
  sequence: number;
  payload: Buffer;
}

/** Every direction of every failover connection between two real dhcpd that was captured. */
export function capturedStreams(): CapturedStream[] {
  return readdirSync(FOLDER).flatMap((file) => streamsOf(file));
}

function streamsOf(file: string): CapturedStream[] {
  const bySource = new Map<string, Segment[]>();
  for (const frame of framesOf(readFileSync(`${FOLDER}/${file}`))) {
    const segment = parseFrame(frame);
    if (segment) bySource.set(segment.name, [...(bySource.get(segment.name) ?? []), segment]);
  }
  return [...bySource].map(([name, segments]) => ({ file, name, bytes: reassemble(segments) }));
}

function* framesOf(pcap: Buffer): Generator<Buffer> {
  for (let offset = 24; offset + 16 <= pcap.length; ) {
    const length = pcap.readUInt32LE(offset + 8);
    yield pcap.subarray(offset + 16, offset + 16 + length);
    offset += 16 + length;
  }
}

function parseFrame(frame: Buffer): Segment | undefined {
  if (frame.readUInt16BE(12) !== 0x0800) return undefined;
  const ip = frame.subarray(14, 14 + frame.readUInt16BE(16));
  if (ip[9] !== PROTOCOL_TCP) return undefined;
  const tcp = ip.subarray((ip[0]! & 15) * 4);
  const [from, to] = [tcp.readUInt16BE(0), tcp.readUInt16BE(2)];
  if (from !== FAILOVER_PORT && to !== FAILOVER_PORT) return undefined;
  return {
    name: `${ip.subarray(12, 16).join('.')}:${from} > ${ip.subarray(16, 20).join('.')}:${to}`,
    isSyn: (tcp[13]! & SYN) !== 0,
    sequence: tcp.readUInt32BE(4),
    payload: tcp.subarray((tcp[12]! >> 4) * 4),
  };
}

/** What was sent in the order of its sequence numbers, once; up to the first octet that the capture does not have. */
function reassemble(segments: readonly Segment[]): Buffer {
  const first = segments.find((segment) => segment.isSyn)?.sequence;
  if (first === undefined) return Buffer.alloc(0);
  const placed = segments
    .filter((segment) => segment.payload.length > 0)
    .map(({ sequence, payload }) => ({ offset: (sequence - first - 1) >>> 0, payload }))
    .sort((a, b) => a.offset - b.offset);
  const parts: Buffer[] = [];
  let length = 0;
  for (const { offset, payload } of placed) {
    if (offset > length) break;
    parts.push(payload.subarray(Math.min(length - offset, payload.length)));
    length = Math.max(length, offset + payload.length);
  }
  return Buffer.concat(parts);
}
