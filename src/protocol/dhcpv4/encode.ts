import type { Ipv4 } from '../../net/ipv4.js';
import type { RelayAgent } from '../relay-agent/relay-agent.js';
import { OPTION } from './codes.js';
import {
  CHADDR_LENGTH,
  FILE_LENGTH,
  MAGIC_COOKIE,
  MINIMUM_LENGTH,
  OFFSET,
  SNAME_LENGTH,
  writeUint32,
} from './layout.js';
import { type Area, checkCode, encodedLength, type OutgoingOption, packOptions, writeOption } from './option-writer.js';

/** A message to send: the header as in DhcpMessage, the options in their order. */
export interface OutgoingMessage {
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** Up to 16 bytes. */
  readonly chaddr: Uint8Array;
  /** Up to 64 bytes; absent, empty or all zero leaves the field free for options. */
  readonly sname?: Uint8Array;
  /** Up to 128 bytes; as sname. */
  readonly file?: Uint8Array;
  /** The most needed first (53, 54 ...). Codes 0, 52, 82 and 255 cannot be here. */
  readonly options: readonly OutgoingOption[];
  /** Option 82 to echo: its instances are sent as they came, last. */
  readonly relayAgent?: RelayAgent;
}

export interface EncodedMessage {
  readonly bytes: Buffer;
  /** Codes of the options that had no room. */
  readonly omitted: readonly number[];
  /** True if there was an Option 82 to echo and no room for it. */
  readonly relayAgentOmitted: boolean;
}

/** A reply is useless without these, so they have priority over the echo of Option 82. */
const ESSENTIAL: ReadonlySet<number> = new Set([
  OPTION.messageType,
  OPTION.serverIdentifier,
  OPTION.leaseTime,
  OPTION.subnetMask,
  OPTION.clientIdentifier,
]);
const OVERLOAD_LENGTH = 3;
const NONE: readonly number[] = [];
const NO_INSTANCES: readonly Uint8Array[] = [];

/**
 * Writes a message of at most `limit` bytes (the UDP payload; less than 300 counts as 300), padded to 300. Options without room in the
 * options field go into file, then sname, if these are free (option 52); else they are omitted and listed. Option 82 is the last option
 * of the options field, never split or moved (RFC 3046 sections 2.1, 2.2).
 * @throws RangeError for codes that cannot be in `options`
 */
export function encodeMessage(message: OutgoingMessage, limit: number): EncodedMessage {
  const { options, relayAgent } = message;
  const instances = relayAgent && relayAgent.state !== 'absent' ? relayAgent.instances : NO_INSTANCES;
  const instancesLength = lengthOf(instances);
  let needed = OFFSET.options + instancesLength + 1;
  for (let i = 0; i < options.length; i++) {
    checkCode(options[i]![0]);
    needed += encodedLength(options[i]![1]);
  }
  const room = Math.max(limit, MINIMUM_LENGTH);
  if (needed > room) return encodeTight(message, room, instances);
  const bytes = Buffer.allocUnsafe(Math.max(needed, MINIMUM_LENGTH));
  writeHeader(bytes, message);
  let offset: number = OFFSET.options;
  for (let i = 0; i < options.length; i++) offset = writeOption(bytes, options[i]![0], options[i]![1], offset);
  offset = writeInstances(bytes, instances, offset);
  bytes[offset] = OPTION.end;
  bytes.fill(0, offset + 1);
  return { bytes, omitted: NONE, relayAgentOmitted: false };
}

function lengthOf(instances: readonly Uint8Array[]): number {
  let length = 0;
  for (let i = 0; i < instances.length; i++) length += 2 + instances[i]!.length;
  return length;
}

/** The message when not everything fits into the options field. */
function encodeTight(message: OutgoingMessage, room: number, instances: readonly Uint8Array[]): EncodedMessage {
  const echoed = instances.length > 0 ? pack(message, room, instances) : undefined;
  if (echoed && !echoed.omitted.some((code) => ESSENTIAL.has(code))) return { ...echoed, relayAgentOmitted: false };
  return { ...pack(message, room, NO_INSTANCES)!, relayAgentOmitted: instances.length > 0 };
}

function pack(message: OutgoingMessage, room: number, instances: readonly Uint8Array[]) {
  const mainEnd = room - 1 - lengthOf(instances) - OVERLOAD_LENGTH;
  if (mainEnd < OFFSET.options) return undefined;
  const bytes = Buffer.alloc(room);
  writeHeader(bytes, message);
  const main: Area = { offset: OFFSET.options, end: mainEnd };
  const file = freeArea(message.file, OFFSET.file, FILE_LENGTH);
  const sname = freeArea(message.sname, OFFSET.sname, SNAME_LENGTH);
  const omitted = packOptions(bytes, [main, file, sname], message.options);
  const overload = closeArea(bytes, file, OFFSET.file, 1) | closeArea(bytes, sname, OFFSET.sname, 2);
  let offset = main.offset;
  if (overload !== 0) offset = writeOption(bytes, OPTION.overload, Uint8Array.of(overload), offset);
  offset = writeInstances(bytes, instances, offset);
  bytes[offset] = OPTION.end;
  return { bytes: bytes.subarray(0, Math.max(offset + 1, MINIMUM_LENGTH)), omitted };
}

/** The field as an area, one byte less for its END; without room if the field contains a name. */
function freeArea(name: Uint8Array | undefined, offset: number, length: number): Area {
  const free = !name?.some((byte) => byte !== 0);
  return { offset, end: free ? offset + length - 1 : offset };
}

/** Ends the area if it was used; returns its bit of option 52, else 0. */
function closeArea(bytes: Buffer, area: Area, start: number, bit: number): number {
  if (area.offset === start) return 0;
  bytes[area.offset] = OPTION.end;
  return bit;
}

function writeInstances(bytes: Buffer, instances: readonly Uint8Array[], start: number): number {
  let offset = start;
  for (let i = 0; i < instances.length; i++) {
    offset = writeOption(bytes, OPTION.relayAgentInformation, instances[i]!, offset);
  }
  return offset;
}

function writeHeader(bytes: Buffer, message: OutgoingMessage): void {
  const { chaddr, sname, file } = message;
  bytes[OFFSET.op] = message.op;
  bytes[OFFSET.htype] = message.htype;
  bytes[OFFSET.hlen] = message.hlen;
  bytes[OFFSET.hops] = message.hops;
  writeUint32(bytes, message.xid, OFFSET.xid);
  bytes[OFFSET.secs] = message.secs >>> 8;
  bytes[OFFSET.secs + 1] = message.secs;
  bytes[OFFSET.flags] = message.flags >>> 8;
  bytes[OFFSET.flags + 1] = message.flags;
  writeUint32(bytes, message.ciaddr, OFFSET.ciaddr);
  writeUint32(bytes, message.yiaddr, OFFSET.yiaddr);
  writeUint32(bytes, message.siaddr, OFFSET.siaddr);
  writeUint32(bytes, message.giaddr, OFFSET.giaddr);
  bytes.fill(0, OFFSET.chaddr, OFFSET.cookie);
  writeField(bytes, chaddr, OFFSET.chaddr, CHADDR_LENGTH);
  if (sname) writeField(bytes, sname, OFFSET.sname, SNAME_LENGTH);
  if (file) writeField(bytes, file, OFFSET.file, FILE_LENGTH);
  writeUint32(bytes, MAGIC_COOKIE, OFFSET.cookie);
}

function writeField(bytes: Buffer, value: Uint8Array, offset: number, length: number): void {
  if (value.length > length)
    throw new RangeError(`A header field of ${length} bytes cannot hold a value of ${value.length}`);
  if (value.length > 0) bytes.set(value, offset);
}
