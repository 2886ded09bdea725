import { createHash, hash } from 'node:crypto';
import type { Micros } from '../../base/time.js';
import { EventEncodingError } from './errors.js';
import {
  CLIENT_STATES,
  type ClientState,
  EVENT_KINDS,
  EVIDENCES,
  type EventDraft,
  type EventKind,
  type Evidence,
  type LedgerEvent,
} from './event.js';
import { FieldReader, readUint } from './field-reader.js';
import { type Codec, FIELDS, type Field, HASH_LENGTH, HEAD_LENGTH, NULL_LENGTH, VERSION } from './layout.js';

/** Events are encoded here, after room for the hash of the event before. Grows as needed. */
let scratch: Buffer = Buffer.allocUnsafe(8192);
/** The UUID that was read last: mostly the next one is the same. */
let lastUuid: { text: string; bytes: Buffer } = { text: '', bytes: Buffer.alloc(0) };

/** What the hash covers besides the previous hash. */
export type NamedDraft = EventDraft & { queue: string; sequence: number; at: Micros };

/** The hash that stands before the first event of a queue: SHA-256 of the UUID's 16 bytes. */
export function genesisHash(queue: string): Buffer {
  return createHash('sha256').update(uuidBytes(queue)).digest();
}

/** The 16 bytes of a UUID in text; do not change them. Throws EventEncodingError. */
export function uuidBytes(uuid: string): Buffer {
  if (uuid === lastUuid.text) return lastUuid.bytes;
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new EventEncodingError(`"${uuid}" is not a UUID`);
  lastUuid = { text: uuid, bytes };
  return bytes;
}

/** The lower-case text of a UUID of 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  if (lastUuid.bytes.equals(bytes)) return lastUuid.text;
  const hex = Buffer.from(bytes).toString('hex');
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  lastUuid = { text, bytes: Buffer.from(bytes) };
  return text;
}

/** SHA-256(previous hash || canonical encoding). */
export function chainHash(previous: Uint8Array, encoded: Uint8Array): Buffer {
  return createHash('sha256').update(previous).update(encoded).digest();
}

/** {@link chainHash} of an event, without a copy of its encoding. `previous` must have 32 bytes. */
export function chainHashOf(previous: Uint8Array, event: NamedDraft): Buffer {
  return scratchHash(previous, encodeToScratch(event));
}

/**
 * Canonical encoding of an event: version, queue UUID (16 bytes), sequence and at (8 bytes each, big-endian), then each field in the order of
 * FIELDS as a 2-byte length (0xffff = null) and its bytes; numbers are 8 bytes. One event has exactly one encoding.
 */
export function encodeEvent(event: NamedDraft): Buffer {
  const end = encodeToScratch(event);
  return Buffer.from(scratch.subarray(HASH_LENGTH, end));
}

/** Reads what {@link encodeEvent} wrote; byte fields are views into it. Throws EventEncodingError. */
export function decodeEvent(encoded: Uint8Array): NamedDraft {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const fields = new FieldReader(bytes, 0);
  const event = readEvent(fields);
  const left = bytes.length - fields.offset;
  if (left !== 0) throw new EventEncodingError(`Event encoding has ${left} bytes too many`);
  return event;
}

/** Written out field by field: an object that is built key by key costs ten times as much. */
function readEvent(fields: FieldReader): NamedDraft {
  const version = fields.raw(1)[0];
  if (version !== VERSION) throw new EventEncodingError(`Event encoding of version ${version} is not known`);
  return checked({
    queue: uuidText(fields.raw(16)),
    sequence: readUint(fields.raw(8), 0),
    at: readUint(fields.raw(8), 0),
    kind: fields.text('kind') as EventKind,
    server: fields.text('server') as string,
    address: fields.text('address'),
    htype: fields.uint('htype'),
    hwaddr: fields.bytes('hwaddr'),
    clientId: fields.bytes('clientId'),
    hostname: fields.bytes('hostname'),
    vendorClass: fields.bytes('vendorClass'),
    parameterRequestList: fields.bytes('parameterRequestList'),
    xid: fields.uint('xid'),
    clientState: fields.text('clientState') as ClientState | null,
    giaddr: fields.text('giaddr'),
    option82: fields.bytes('option82'),
    circuitId: fields.bytes('circuitId'),
    remoteId: fields.bytes('remoteId'),
    subscriberId: fields.bytes('subscriberId'),
    relayId: fields.bytes('relayId'),
    linkSelection: fields.text('linkSelection'),
    evidence: fields.text('evidence') as Evidence,
    leaseStart: fields.uint('leaseStart'),
    leaseEnd: fields.uint('leaseEnd'),
    detail: fields.text('detail'),
  });
}

/** The event with its hash, given the hash before it. */
export function sealEvent(event: NamedDraft, previous: Uint8Array): { encoded: Buffer; event: LedgerEvent } {
  const end = encodeToScratch(event);
  const encoded = Buffer.from(scratch.subarray(HASH_LENGTH, end));
  const sealed = scratchHash(previous, end);
  // A new field before the copied ones: after them it costs ten times as much.
  const ledgerEvent: LedgerEvent = { hash: sealed, ...event };
  // The copied event may have a hash already.
  ledgerEvent.hash = sealed;
  return { encoded, event: ledgerEvent };
}

/** The chain's hash of the encoding in scratch, which ends at `end`. */
function scratchHash(previous: Uint8Array, end: number): Buffer {
  scratch.set(previous, 0);
  return hash('sha256', scratch.subarray(0, end), 'buffer');
}

/** Writes the encoding into scratch, after the room for a hash; returns its end. */
function encodeToScratch(event: NamedDraft): number {
  let offset = HASH_LENGTH;
  scratch[offset] = VERSION;
  scratch.set(uuidBytes(event.queue), offset + 1);
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

/** Returns the number of bytes written. */
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
