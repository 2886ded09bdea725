import { Cursor } from './cursor.js';
import { OptionValueError } from './errors.js';
import { ATOMS } from './option-atoms.js';
import {
  ATOM_NAMES,
  type AtomName,
  formatOptionType,
  type OptionDefinition,
  type OptionType,
  type OptionValue,
} from './option-type.js';

/** Names of the atoms in the manuals of ISC dhcpd and Kea. */
const ATOM_ALIASES: ReadonlyMap<string, AtomName> = new Map<string, AtomName>([
  ['ip', 'ip-address'],
  ['ipv4-address', 'ip-address'],
  ['ip6-address', 'ipv6-address'],
  ['integer 8', 'signed integer 8'],
  ['integer 16', 'signed integer 16'],
  ['integer 32', 'signed integer 32'],
  ['int8', 'signed integer 8'],
  ['int16', 'signed integer 16'],
  ['int32', 'signed integer 32'],
  ['uint8', 'unsigned integer 8'],
  ['uint16', 'unsigned integer 16'],
  ['uint32', 'unsigned integer 32'],
  ['flag', 'boolean'],
  ['binary', 'string'],
  ['hex-string', 'hex string'],
  ['domain-name', 'fqdn'],
  ['domain-name-list', 'domain-list'],
]);

/**
 * Reads a type: an atom (`ip-address`, `unsigned integer 16`, `text` ...), `array of TYPE`, a record `{ TYPE, TYPE }`, or `counted TYPE`
 * (`counted16 TYPE`): a value behind its length in 1 (2) bytes. Throws OptionValueError.
 */
export function parseOptionType(text: string): OptionType {
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ');
  if (words.startsWith('array of ')) {
    const of = parseOptionType(words.slice(9));
    if (isOpen(of) || smallest(of) === 0)
      throw new OptionValueError(`Option type "${text}" has items of unknown length`, {
        hint: 'an array needs items of known length, such as ip-address or a counted string',
      });
    return { kind: 'array', of };
  }
  const counted = /^counted(16)? (.+)$/.exec(words);
  if (counted) return { kind: 'counted', lengthBytes: counted[1] ? 2 : 1, of: parseOptionType(counted[2]!) };
  return words.startsWith('{') && words.endsWith('}') ? parseRecord(words) : parseAtom(words);
}

function parseAtom(words: string): OptionType {
  const atom = ATOM_NAMES.find((name) => name === words) ?? ATOM_ALIASES.get(words);
  if (atom === undefined)
    throw new OptionValueError(`"${words}" is not an option type`, {
      hint: `use one of ${ATOM_NAMES.join(', ')}, "array of ..." or "{ ..., ... }"`,
    });
  return { kind: 'atom', atom };
}

function parseRecord(words: string): OptionType {
  const fields = splitFields(words.slice(1, -1)).map(parseOptionType);
  const early = fields.slice(0, -1).find(isOpen);
  if (early)
    throw new OptionValueError(`"${formatOptionType(early)}" can only be the last field of option type "${words}"`, {
      hint: 'put it last, or write "counted" before it if the value has its length before it',
    });
  return { kind: 'record', fields };
}

/** The parts between commas that are not within inner braces. */
function splitFields(words: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const letter of words) {
    if (letter === '{') depth += 1;
    if (letter === '}') depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** True if a value of the type takes all remaining bytes. */
function isOpen(type: OptionType): boolean {
  if (type.kind === 'atom') return ATOMS[type.atom].open;
  return type.kind === 'array' || (type.kind === 'record' && isOpen(type.fields.at(-1)!));
}

/** 0 if a value of the type can have no bytes, else 1. */
function smallest(type: OptionType): number {
  if (type.kind === 'atom') return type.atom === 'empty' ? 0 : 1;
  return type.kind === 'record' ? Math.max(...type.fields.map(smallest)) : 1;
}

/**
 * Encodes a configured value. A single value may stand for a list of one, a text with commas for a list, a text with blanks for a record.
 * @throws OptionValueError, which says what was expected and what was found
 */
export function encodeOptionValue(definition: OptionDefinition, value: unknown): Buffer {
  const parts: Uint8Array[] = [];
  encode(definition, definition.type, value, parts);
  const bytes = Buffer.concat(parts);
  if (definition.type.kind === 'array' && bytes.length === 0) throw mismatch(definition, 'at least one value', value);
  return bytes;
}

function encode(definition: OptionDefinition, type: OptionType, value: unknown, out: Uint8Array[]): void {
  switch (type.kind) {
    case 'atom':
      out.push(encodeAtom(definition, type.atom, value));
      return;
    case 'array':
      for (const item of itemsOf(value)) encode(definition, type.of, item, out);
      return;
    case 'record': {
      const items = fieldsOf(value, type.fields);
      if (items?.length !== type.fields.length)
        throw mismatch(definition, `a list of the ${type.fields.length} values ${formatOptionType(type)}`, value);
      type.fields.forEach((field, i) => {
        encode(definition, field, items[i], out);
      });
      return;
    }
    case 'counted':
      out.push(encodeCounted(definition, type.lengthBytes, type.of, value));
  }
}

function encodeAtom(definition: OptionDefinition, atom: AtomName, value: unknown): Uint8Array {
  const codec = ATOMS[atom];
  const bytes = codec.encode(value);
  if (!bytes) throw mismatch(definition, codec.expected, value, codec.hint);
  return bytes;
}

function encodeCounted(definition: OptionDefinition, lengthBytes: 1 | 2, of: OptionType, value: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  encode(definition, of, value, parts);
  const bytes = Buffer.concat(parts);
  const longest = 2 ** (lengthBytes * 8) - 1;
  if (bytes.length > longest) throw mismatch(definition, `at most ${longest} bytes`, value);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : [value];
}

function fieldsOf(value: unknown, fields: readonly OptionType[]): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return undefined;
  const words = value.trim().split(/\s+/);
  return [...words.slice(0, fields.length - 1), words.slice(fields.length - 1).join(' ')];
}

function mismatch(definition: OptionDefinition, expected: string, got: unknown, hint?: string): OptionValueError {
  const shown = JSON.stringify(got) ?? String(got);
  const short = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
  return new OptionValueError(`Expected ${expected} for option ${definition.name}, got ${short}`, {
    hint: hint ?? `its type is ${formatOptionType(definition.type)}`,
    fields: { option: definition.name },
  });
}

/**
 * Decodes an option to a JSON value that {@link encodeOptionValue} accepts. Texts come from the client and may contain control characters.
 * @throws OptionValueError if the bytes do not fit the type
 */
export function decodeOptionValue(definition: OptionDefinition, bytes: Uint8Array): OptionValue {
  const cursor = new Cursor(bytes);
  const value = decode(definition.type, cursor);
  if (cursor.left > 0)
    throw new OptionValueError(`Option ${definition.name} has ${cursor.left} bytes more than its type`);
  return value;
}

function decode(type: OptionType, cursor: Cursor): OptionValue {
  switch (type.kind) {
    case 'atom':
      return ATOMS[type.atom].decode(cursor);
    case 'array': {
      const items: OptionValue[] = [];
      while (cursor.left > 0) items.push(decode(type.of, cursor));
      return items;
    }
    case 'record':
      return type.fields.map((field) => decode(field, cursor));
    case 'counted': {
      const inner = cursor.nested(cursor.take(type.lengthBytes).readUIntBE(0, type.lengthBytes));
      const value = decode(type.of, inner);
      if (inner.left > 0) throw new OptionValueError(`Counted value has ${inner.left} bytes more than its type`);
      return value;
    }
  }
}
