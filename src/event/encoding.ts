import { createHash, hash } from 'node:crypto';
import { PortledgerError } from '../base/errors.js';
import type { Micros } from '../base/time.js';
import { CLIENT_STATES, EVENT_KINDS, EVIDENCES, type EventDraft, type LedgerEvent } from './event.js';

/** Stored bytes that are not an event: the queue file is damaged or was written by something else. */
export class EventEncodingError extends PortledgerError {}

/** First byte of the canonical encoding. A change of the fields or their order makes a new version; old ones stay readable. */
const VERSION = 1;
const NULL_LENGTH = 0xffff;
const HASH_LENGTH = 32;
/** Version, queue, sequence and at. */
const HEAD_LENGTH = 33;

/** Where events are encoded, behind the room for the hash before them. Grows as needed. */
let scratch: Buffer = Buffer.allocUnsafe(8192);
let lastUuid: { text: string; bytes: Buffer } = { text: '', bytes: Buffer.alloc(16) };

/** An event without its name and hash: what the canonical encoding holds besides queue, sequence and at. */
type Field = keyof EventDraft;
type Codec = 'text' | 'bytes' | 'uint';

/** The canonical order. Nothing may be inserted, removed or reordered within a version. */
const FIELDS: readonly (readonly [Field, Codec])[] = [
  ['kind', 'text'],
  ['server', 'text'],
  ['address', 'text'],
  ['htype', 'uint'],
  ['hwaddr', 'bytes'],
  ['clientId', 'bytes'],
  ['hostname', 'bytes'],
  ['vendorClass', 'bytes'],
  ['parameterRequestList', 'bytes'],
  ['xid', 'uint'],
  ['clientState', 'text'],
  ['giaddr', 'text'],
  ['option82', 'bytes'],
  ['circuitId', 'bytes'],
  ['remoteId', 'bytes'],
  ['subscriberId', 'bytes'],
  ['relayId', 'bytes'],
  ['linkSelection', 'text'],
  ['evidence', 'text'],
  ['leaseStart', 'uint'],
  ['leaseEnd', 'uint'],
  ['detail', 'text'],
];

/** What the hash covers besides the hash before it. */
export type NamedDraft = EventDraft & { queue: string; sequence: number; at: Micros };

/** The hash that stands before the first event of a queue: SHA-256 of the UUID's 16 bytes. */
export function genesisHash(queue: string): Buffer {
  return createHash('sha256').update(uuidBytes(queue)).digest();
}

/** The 16 bytes of a UUID in text. */
export function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new EventEncodingError(`"${uuid}" is not a UUID`);
  return bytes;
}

/** The lower-case text of a UUID of 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** SHA-256(previous hash || canonical encoding). */
export function chainHash(previous: Uint8Array, encoded: Uint8Array): Buffer {
  return createHash('sha256').update(previous).update(encoded).digest();
}

/** {@link chainHash} of an event, without a copy of its encoding. `previous` must have 32 bytes. */
export function chainHashOf(previous: Uint8Array, event: NamedDraft): Buffer {
  const end = encodeToScratch(event);
  scratch.set(previous, 0);
  return hash('sha256', scratch.subarray(0, end), 'buffer');
}

/**
 * Canonical encoding of an event: version, queue UUID (16 bytes), sequence and at (8 bytes each, big-endian), then each field in the order of
 * FIELDS as a 2-byte length (0xffff = null) and its bytes; numbers are 8 bytes. One event has exactly one encoding.
 */
export function encodeEvent(event: NamedDraft): Buffer {
  const end = encodeToScratch(event);
  return Buffer.from(scratch.subarray(HASH_LENGTH, end));
}

/** Reads what {@link encodeEvent} wrote. Throws EventEncodingError. */
export function decodeEvent(encoded: Uint8Array): NamedDraft {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (bytes.length < 33 || bytes[0] !== VERSION)
    throw new EventEncodingError(`Event encoding of version ${bytes[0]} is not known`);
  const event: Record<string, unknown> = {
    queue: uuidText(bytes.subarray(1, 17)),
    sequence: readUint(bytes, 17),
    at: readUint(bytes, 25),
  };
  let offset = 33;
  for (const [field, codec] of FIELDS) {
    if (offset + 2 > bytes.length) throw new EventEncodingError(`Event encoding ends before ${field}`);
    const length = bytes.readUInt16BE(offset);
    offset += 2;
    const end = length === NULL_LENGTH ? offset : offset + length;
    if (end > bytes.length) throw new EventEncodingError(`Event encoding ends within ${field}`);
    event[field] = length === NULL_LENGTH ? null : decodeField(bytes.subarray(offset, end), codec);
    offset = end;
  }
  if (offset !== bytes.length)
    throw new EventEncodingError(`Event encoding has ${bytes.length - offset} bytes too many`);
  return checked(event as unknown as NamedDraft);
}

/** The event with its hash, given the hash before it. */
export function sealEvent(event: NamedDraft, previous: Uint8Array): { encoded: Buffer; event: LedgerEvent } {
  const encoded = encodeEvent(event);
  return { encoded, event: { ...event, hash: chainHash(previous, encoded) } };
}

/** Writes the encoding behind the room for a hash; returns where it ends. */
function encodeToScratch(event: NamedDraft): number {
  let offset = HASH_LENGTH;
  scratch[offset] = VERSION;
  scratch.set(bytesOfUuid(event.queue), offset + 1);
  writeUint(scratch, event.sequence, offset + 17);
  writeUint(scratch, event.at, offset + 25);
  offset += HEAD_LENGTH;
  for (const [field, codec] of FIELDS) offset = writeField(event[field], codec, offset);
  return offset;
}

function writeField(value: EventDraft[Field], codec: Codec, offset: number): number {
  if (value === null) return scratch.writeUInt16BE(NULL_LENGTH, offset);
  const start = offset + 2;
  const length = codec === 'uint' ? 8 : (value as string | Uint8Array).length;
  // UTF-8 takes 3 bytes at most for each unit of a text; room for the next field's length comes on top.
  reserve(start + 3 * length + 2);
  const end = start + writeValue(value, codec, start);
  if (end - start >= NULL_LENGTH)
    throw new EventEncodingError(`An event field of ${end - start} bytes is longer than 65534`);
  scratch.writeUInt16BE(end - start, offset);
  return end;
}

/** Returns how many bytes it took. */
function writeValue(value: string | number | Uint8Array, codec: Codec, start: number): number {
  if (codec === 'text') return scratch.write(value as string, start, 'utf8');
  if (codec === 'uint') {
    writeUint(scratch, value as number, start);
    return 8;
  }
  scratch.set(value as Uint8Array, start);
  return (value as Uint8Array).length;
}

function reserve(size: number): void {
  if (size <= scratch.length) return;
  const larger = Buffer.allocUnsafe(2 * size);
  larger.set(scratch);
  scratch = larger;
}

/** The events that follow one another are mostly of one queue. */
function bytesOfUuid(uuid: string): Buffer {
  if (uuid !== lastUuid.text) lastUuid = { text: uuid, bytes: uuidBytes(uuid) };
  return lastUuid.bytes;
}

function decodeField(bytes: Buffer, codec: Codec): unknown {
  if (codec === 'uint') return readUint(bytes, 0);
  return codec === 'text' ? bytes.toString('utf8') : Buffer.from(bytes);
}

function checked(event: NamedDraft): NamedDraft {
  if (!(EVENT_KINDS as readonly string[]).includes(event.kind))
    throw new EventEncodingError(`Event kind "${event.kind}" is not known`);
  if (!(EVIDENCES as readonly string[]).includes(event.evidence))
    throw new EventEncodingError(`Port evidence "${event.evidence}" is not known`);
  if (event.clientState !== null && !(CLIENT_STATES as readonly string[]).includes(event.clientState)) {
    throw new EventEncodingError(`Client state "${event.clientState}" is not known`);
  }
  return event;
}

function writeUint(out: Buffer, value: number, offset: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new EventEncodingError(`${value} is not a number that an event can hold`);
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset);
  out.writeUInt32BE(value % 0x1_0000_0000, offset + 4);
}

function readUint(bytes: Buffer, offset: number): number {
  if (offset + 8 > bytes.length)
    throw new EventEncodingError(`An event number has ${bytes.length - offset} bytes instead of 8`);
  return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
}
