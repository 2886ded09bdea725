import type { Cursor } from './cursor.js';
import { OptionValueError } from './errors.js';

/** Longest name on the wire, its final zero included, and longest label, in bytes (RFC 1035 section 2.3.4). */
const NAME_LENGTH = 255;
const LABEL_LENGTH = 63;
/** Farthest place that a compression pointer can name (RFC 1035 section 4.1.4). */
const POINTER_LIMIT = 0x3fff;
const POINTER = 0xc0;

/**
 * The labels of a name in text (RFC 1035 section 5.1: `\.`, `\\` and `\DDD` stand for a byte of a label), without the root. A final dot
 * changes nothing; `.` is the root. Throws OptionValueError.
 */
export function parseLabels(text: string): Buffer[] {
  if (text === '.') return [];
  const labels: number[][] = [[]];
  for (let i = 0; i < text.length; ) {
    if (text[i] === '.') {
      labels.push([]);
      i += 1;
    } else {
      const { byte, length } = labelByte(text, i);
      labels.at(-1)!.push(byte);
      i += length;
    }
  }
  if (labels.length > 1 && labels.at(-1)!.length === 0) labels.pop();
  if (labels.some((label) => label.length === 0 || label.length > LABEL_LENGTH))
    throw new OptionValueError(`"${text}" is not a domain name`, { hint: 'give labels of 1 to 63 bytes between dots' });
  if (labels.reduce((sum, label) => sum + 1 + label.length, 1) > NAME_LENGTH)
    throw new OptionValueError(`"${text}" is longer than the ${NAME_LENGTH} bytes of a domain name`);
  return labels.map((label) => Buffer.from(label));
}

function labelByte(text: string, at: number): { byte: number; length: number } {
  const escaped = text[at] === '\\';
  const number = escaped ? /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0] : undefined;
  const byte = number === undefined ? text.charCodeAt(at + (escaped ? 1 : 0)) : Number(number);
  if (number === undefined && byte > 0x7e)
    throw new OptionValueError(`"${text}" has letters beyond ASCII`, { hint: 'write the name in its xn-- form' });
  if (!(byte <= 0xff))
    throw new OptionValueError(`"${text}" has an escape that is not a byte`, { hint: 'write \\000 to \\255' });
  return { byte, length: 1 + (number?.length ?? (escaped ? 1 : 0)) };
}

/** The text of labels, such that {@link parseLabels} reads them back. */
export function formatLabels(labels: readonly Uint8Array[]): string {
  return labels.length === 0 ? '.' : labels.map(formatLabel).join('.');
}

function formatLabel(label: Uint8Array): string {
  let text = '';
  for (const byte of label) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${byte.toString().padStart(3, '0')}`;
  }
  return text;
}

/** A name on the wire: counted labels and the root's zero (RFC 1035 section 3.1). Throws OptionValueError. */
export function encodeDomainName(text: string): Buffer {
  const parts: Uint8Array[] = [];
  for (const label of parseLabels(text)) parts.push(Uint8Array.of(label.length), label);
  return Buffer.concat([...parts, Uint8Array.of(0)]);
}

/** Names one after the other, common endings written once (RFC 3397 section 2). Throws OptionValueError. */
export function encodeDomainList(names: readonly string[]): Buffer {
  const seen = new Map<string, number>();
  const parts: Uint8Array[] = [];
  let offset = 0;
  const push = (bytes: Uint8Array): void => {
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const name of names) {
    const labels = parseLabels(name);
    let pointer: number | undefined;
    for (let i = 0; i < labels.length; i++) {
      const ending = Buffer.concat(labels.slice(i).flatMap((label) => [Uint8Array.of(label.length), label]));
      const key = ending.toString('latin1');
      pointer = seen.get(key);
      if (pointer !== undefined) break;
      if (offset <= POINTER_LIMIT) seen.set(key, offset);
      push(Uint8Array.of(labels[i]!.length));
      push(labels[i]!);
    }
    push(pointer === undefined ? Uint8Array.of(0) : Uint8Array.of(POINTER | (pointer >> 8), pointer & 0xff));
  }
  return Buffer.concat(parts);
}

/** Reads one name without pointers. Throws OptionValueError. */
export function decodeDomainName(cursor: Cursor): string {
  return formatLabels(readLabels(cursor, false));
}

/** Reads names, which may point to earlier parts of the same value, up to its end. Throws OptionValueError. */
export function decodeDomainList(cursor: Cursor): string[] {
  const names: string[] = [];
  while (cursor.left > 0) names.push(formatLabels(readLabels(cursor, true)));
  return names;
}

function readLabels(cursor: Cursor, compressed: boolean): Buffer[] {
  const labels: Buffer[] = [];
  let room = NAME_LENGTH - 1;
  for (;;) {
    const start = cursor.offset;
    const length = cursor.take(1)[0]!;
    if (length === 0) return labels;
    if (compressed && length >= POINTER) {
      const target = ((length & ~POINTER) << 8) | cursor.take(1)[0]!;
      return [...labels, ...followPointer(cursor.bytes, target, start, room)];
    }
    if (length > LABEL_LENGTH) throw new OptionValueError(`Domain name has a label of type 0x${length.toString(16)}`);
    room = roomAfter(length, room);
    labels.push(cursor.take(length));
  }
}

/** Every pointer must lead to before the part it was found in, so the walk ends. */
function followPointer(bytes: Buffer, target: number, foundIn: number, roomLeft: number): Buffer[] {
  const labels: Buffer[] = [];
  let room = roomLeft;
  let part = foundIn;
  let offset = part;
  let next: number | undefined = target;
  for (;;) {
    if (next !== undefined) {
      if (next >= part) throw new OptionValueError(`Domain name points forward to byte ${next}`);
      part = next;
      offset = next;
    }
    const length = bytes[offset];
    if (length === 0) return labels;
    const end: number = offset + (length === undefined || length >= POINTER ? 2 : 1 + length);
    if (length === undefined || end > bytes.length || (length > LABEL_LENGTH && length < POINTER))
      throw new OptionValueError(`Domain name has a broken label at byte ${offset}`);
    if (length >= POINTER) {
      next = ((length & ~POINTER) << 8) | bytes[offset + 1]!;
    } else {
      next = undefined;
      room = roomAfter(length, room);
      labels.push(bytes.subarray(offset + 1, end));
      offset = end;
    }
  }
}

function roomAfter(length: number, room: number): number {
  if (length + 1 > room) throw new OptionValueError(`Domain name is longer than ${NAME_LENGTH} bytes`);
  return room - length - 1;
}
