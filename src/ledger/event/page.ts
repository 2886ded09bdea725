import { uuidText } from './encoding.js';
import { EventEncodingError } from './errors.js';
import { CLIENT_STATES, EVENT_KINDS, EVIDENCES } from './event.js';
import { FIELDS, fieldNumber, HASH_LENGTH, HEAD_LENGTH, NULL_LENGTH, QUEUE_AT, VERSION } from './layout.js';

/** Consecutive events, each as its canonical encoding and its hash. */
export interface Page {
  readonly bytes: Buffer;
  readonly count: number;
  /** For each event {@link POSITIONS} offsets: of each field (of its length), then {@link HASH} and {@link BEGIN}. */
  readonly positions: Uint32Array;
  /** The queue of the first event. */
  readonly uuid: Buffer;
  readonly queue: string;
}

/** Offset of the hash, where the last field ends. */
export const HASH = FIELDS.length;
/** Offset of the event. */
export const BEGIN = HASH + 1;
export const POSITIONS = BEGIN + 1;

const SHORTEST = HEAD_LENGTH + 2 * FIELDS.length + HASH_LENGTH;
const UUID_LENGTH = 16;
const NUMBER_LENGTH = 8;
/** Largest second byte of a number that is exact in a double; its first byte is 0. */
const MOST_EXACT = 0x1f;

const IS_NUMBER = FIELDS.map(([, codec]) => codec === 'uint');
/** Allowed texts of some fields. */
const KNOWN = new Map<number, readonly string[]>([
  [fieldNumber('kind'), EVENT_KINDS],
  [fieldNumber('clientState'), CLIENT_STATES],
  [fieldNumber('evidence'), EVIDENCES],
]);
/** The text of each field that was read last: many repeat, and comparing is faster than decoding. */
const lastTexts: string[] = FIELDS.map(() => '');

/** Finds the fields of all events. Throws EventEncodingError if the bytes are no events, or end too early. */
export function readPage(bytes: Buffer): Page {
  const positions = new Uint32Array(Math.ceil(bytes.length / SHORTEST) * POSITIONS);
  let count = 0;
  for (let offset = 0; offset < bytes.length; count++) {
    const end = readFields(bytes, offset, positions, count * POSITIONS);
    positions[count * POSITIONS + BEGIN] = offset;
    positions[count * POSITIONS + HASH] = end;
    offset = end + HASH_LENGTH;
    if (offset > bytes.length) throw new EventEncodingError('Event encoding ends within its hash');
  }
  const uuid = bytes.subarray(QUEUE_AT, QUEUE_AT + UUID_LENGTH);
  return { bytes, count, positions, uuid, queue: count === 0 ? '' : uuidText(uuid) };
}

/** Writes the offsets of an event's fields to `positions`, from `index` on; returns the end of the last field. */
function readFields(bytes: Buffer, begin: number, positions: Uint32Array, index: number): number {
  if (bytes[begin] !== VERSION) throw new EventEncodingError(`Event encoding of version ${bytes[begin]} is not known`);
  let offset = begin + HEAD_LENGTH;
  for (let field = 0; field < FIELDS.length; field++) {
    positions[index + field] = offset;
    const length = lengthAt(bytes, offset);
    offset += 2;
    if (length !== NULL_LENGTH) {
      if (IS_NUMBER[field]) checkNumber(bytes, offset, length);
      offset += length;
    }
    if (!(offset < bytes.length)) throw new EventEncodingError(`Event encoding ends within ${FIELDS[field]![0]}`);
  }
  return offset;
}

function checkNumber(bytes: Buffer, start: number, length: number): void {
  if (length !== NUMBER_LENGTH)
    throw new EventEncodingError(`An event number has ${length} bytes instead of ${NUMBER_LENGTH}`);
  if (bytes[start] !== 0 || bytes[start + 1]! > MOST_EXACT)
    throw new EventEncodingError('An event number is larger than an event can hold');
}

/** The length of the field at this offset; NaN beyond the end. */
export function lengthAt(bytes: Buffer, offset: number): number {
  return bytes[offset]! * 256 + bytes[offset + 1]!;
}

/** Reads a field of UTF-8. Throws EventEncodingError for a text that is not allowed there. */
export function readText(bytes: Buffer, field: number, start: number, end: number): string {
  const last = lastTexts[field]!;
  if (isAscii(bytes, start, end, last)) return last;
  const text = bytes.toString('utf8', start, end);
  const known = KNOWN.get(field);
  if (known && !known.includes(text)) throw new EventEncodingError(`Event ${FIELDS[field]![0]} "${text}" is not known`);
  lastTexts[field] = text;
  return text;
}

/** True if these bytes are this text, and ASCII. */
function isAscii(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i]!;
    if (byte > 0x7f || byte !== text.charCodeAt(i)) return false;
  }
  return true;
}
