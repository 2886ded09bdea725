import { createHash } from 'node:crypto';
import { PortledgerError } from '../base/errors.js';
import type { Micros } from '../base/time.js';
import { CLIENT_STATES, EVENT_KINDS, EVIDENCES, type EventDraft, type LedgerEvent } from './event.js';

/** Stored bytes that are not an event: the queue file is damaged or was written by something else. */
export class EventEncodingError extends PortledgerError {}

/** First byte of the canonical encoding. A change of the fields or their order makes a new version; old ones stay readable. */
const VERSION = 1;
const NULL_LENGTH = 0xffff;

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

/**
 * Canonical encoding of an event: version, queue UUID (16 bytes), sequence and at (8 bytes each, big-endian), then each field in the order of
 * FIELDS as a 2-byte length (0xffff = null) and its bytes; numbers are 8 bytes. One event has exactly one encoding.
 */
export function encodeEvent(event: NamedDraft): Buffer {
  const parts = FIELDS.map(([field, codec]) => encodeField(event[field], codec));
  const size = 33 + parts.reduce((sum, part) => sum + 2 + (part?.length ?? 0), 0);
  const out = Buffer.allocUnsafe(size);
  out[0] = VERSION;
  uuidBytes(event.queue).copy(out, 1);
  writeUint(out, event.sequence, 17);
  writeUint(out, event.at, 25);
  let offset = 33;
  for (const part of parts) {
    offset = out.writeUInt16BE(part ? part.length : NULL_LENGTH, offset);
    if (part) {
      out.set(part, offset);
      offset += part.length;
    }
  }
  return out;
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

function encodeField(value: EventDraft[Field], codec: Codec): Uint8Array | null {
  if (value === null) return null;
  const bytes =
    codec === 'uint'
      ? uintBytes(value as number)
      : codec === 'text'
        ? Buffer.from(value as string, 'utf8')
        : (value as Uint8Array);
  if (bytes.length >= NULL_LENGTH)
    throw new EventEncodingError(`An event field of ${bytes.length} bytes is longer than 65534`);
  return bytes;
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

function uintBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeUint(bytes, value, 0);
  return bytes;
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
