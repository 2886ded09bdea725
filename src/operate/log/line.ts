import { messageOf } from '../../base/errors.js';
import { toText } from '../../base/text.js';
import type { Micros } from '../../base/time.js';
import type { LogFields, ModuleName } from './logger.js';
import { type Level, MESSAGES, type MessageDefinition, type MessageId } from './messages.js';

/** One log record, before a sink formats it. */
export interface LogRecord {
  readonly at: Micros;
  readonly level: Level;
  readonly module: ModuleName;
  readonly id: MessageId;
  readonly fields: LogFields;
}

/** Longest value shown. A client may send 64 KiB, which must not fill the disk. */
const MAX_VALUE_LENGTH = 2000;
const MAX_DEPTH = 3;

/**
 * Everything that is not visible text (control, format and bidirectional characters, line separators, lone surrogates)
 * becomes `\xHH` or `\u{H}`, so that no value can end its line, move a terminal's cursor or turn the text around.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** `2026-11-20T14:03:07.000Z info  server server-ready: Server dhcp-a serves ... key=value`. */
export function renderText(record: LogRecord): string {
  return `${isoMillis(record.at)} ${record.level.padEnd(5)} ${record.module} ${renderBody(record)}`;
}

/** The line without time, level and module, which syslog has fields for: `server-ready: Server ... key=value`. */
export function renderBody(record: LogRecord): string {
  const text: string = MESSAGES[record.id].text;
  const rest = Object.entries(record.fields)
    .filter(([key, value]) => value !== undefined && !text.includes(`{${key}}`))
    .map(([key, value]) => ` ${escapeControls(key)}=${quoted(shownText(value))}`);
  return `${record.id}: ${renderMessage(record)}${rest.join('')}`;
}

/** The record as one line of JSON: `{time, level, module, id, message, fields}`; fields keep their types. */
export function renderJson(record: LogRecord): string {
  const { at, level, module, id } = record;
  const fields = plainValue(record.fields, 0);
  return escapeJson(JSON.stringify({ time: isoMillis(at), level, module, id, message: renderMessage(record), fields }));
}

/** The text of the message with its placeholders filled; a field that is missing is shown as `?`. */
export function renderMessage(record: LogRecord): string {
  const { text }: MessageDefinition = MESSAGES[record.id];
  return text.replace(/\{([^{}]+)\}/g, (_, key: string) => escapeControls(shownText(record.fields[key] ?? '?')));
}

function shownText(value: unknown): string {
  const plain = plainValue(value, 0);
  if (Array.isArray(plain)) return plain.map((item) => shownText(item)).join(', ');
  return typeof plain === 'object' && plain !== null ? JSON.stringify(plain) : String(plain);
}

/** Converts a value to strings, finite numbers, booleans, null, arrays and objects. Never throws. */
function plainValue(value: unknown, depth: number): unknown {
  try {
    if (value instanceof Uint8Array) return shortened(toText(value));
    if (value instanceof Error) return shortened(messageOf(value));
    if (value instanceof Date) return value.toISOString();
    if (typeof value === 'object' && value !== null) return plainObject(value, depth);
    return typeof value === 'number' || typeof value === 'boolean' || value == null ? value : shortened(String(value));
  } catch {
    // A getter or toString that throws must not lose the message or break the caller.
    return '(unreadable)';
  }
}

function plainObject(value: object, depth: number): unknown {
  if (depth > MAX_DEPTH) return '(too deep)';
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item, depth + 1)]));
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}...`;
}

function quoted(text: string): string {
  const escaped = escapeControls(text);
  return /^[^\s"=]+$/.test(escaped) ? escaped : `"${escaped.replaceAll('"', '\\"')}"`;
}

/** JSON leaves DEL, C1 and bidirectional characters as they are; inside a string `\uHHHH` means the same. */
function escapeJson(json: string): string {
  return json.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

function isoMillis(at: Micros): string {
  return new Date(Math.floor(at / 1000)).toISOString();
}
