import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DhcpMessage, OutgoingMessage } from '../../../src/protocol/dhcpv4/message.js';
import { type CapturedPacket, readDhcpPackets } from '../../support/pcap.js';

/** Folder of the captured packets. */
export const PACKETS = fileURLToPath(new URL('../../fixtures/packets/', import.meta.url));

/** Names of all captures, without the extension. */
export const CAPTURES = readdirSync(PACKETS)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => name.slice(0, -'.pcap'.length))
  .sort();

export function packetsOf(capture: string): CapturedPacket[] {
  return readDhcpPackets(join(PACKETS, `${capture}.pcap`));
}

/** A decoded message as one to send. */
export function outgoing(message: DhcpMessage): OutgoingMessage {
  return { ...message, options: [...message.options] };
}

/** Bytes from hex; blanks and everything behind `#` in a line are left out. */
export function annotated(text: string): Buffer {
  const digits = text
    .split('\n')
    .map((line) => line.split('#')[0]!.replace(/\s/g, ''))
    .join('');
  return Buffer.from(digits, 'hex');
}

/** The 240 bytes before the options: a BOOTREQUEST of 02:00:00:00:00:01, with the bytes given at their offsets. */
export function header(changes: Readonly<Record<number, Uint8Array | number>> = {}): Buffer {
  const bytes = Buffer.alloc(240);
  bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  bytes.set([2, 0, 0, 0, 0, 1], 28);
  bytes.set([0x63, 0x82, 0x53, 0x63], 236);
  for (const [offset, value] of Object.entries(changes)) {
    bytes.set(typeof value === 'number' ? [value] : value, Number(offset));
  }
  return bytes;
}

/** A message of the header and the options given as hex. */
export function withOptions(hex: string, changes: Readonly<Record<number, Uint8Array | number>> = {}): Buffer {
  return Buffer.concat([header(changes), annotated(hex)]);
}
