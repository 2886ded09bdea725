import { escapeBytes, unescapeBytes } from '../base/bytes.js';
import { parseSqlTime, toSqlTime } from '../base/time.js';
import { uuidBytes, uuidText } from '../event/encoding.js';
import type { LedgerEvent } from '../event/event.js';
import { formatMac, parseMac } from './mac.js';

/** What a column holds, as every database gives it back. */
export type Value = string | number | Buffer | null;

/** How the value of a field is written in a column, losslessly, and read again. Null is null everywhere. */
interface Codec {
  write(value: never): Value;
  /** Throws RangeError for a value that {@link write} cannot have given: what auditors read is what the hash covers. */
  read(value: Value): unknown;
}

const TEXT: Codec = { write: (value: string) => value, read: asText };
const NUMBER: Codec = { write: (value: number) => value, read: asNumber };
const BYTES: Codec = { write: viewOf, read: asBytes };
const ESCAPED: Codec = { write: escapeBytes, read: (value) => unescapeBytes(asText(value)) };
const MAC: Codec = { write: formatMac, read: (value) => parseMac(asText(value)) };
const TIME: Codec = { write: toSqlTime, read: (value) => parseSqlTime(asText(value)) };
const UUID: Codec = { write: uuidBytes, read: (value) => knownUuidText(asBytes(value)) };

/** Every field of an event has one column, and the table `events` has no other. */
const COLUMNS: readonly (readonly [column: string, field: keyof LedgerEvent, codec: Codec])[] = [
  ['queue_uuid', 'queue', UUID],
  ['sequence', 'sequence', NUMBER],
  ['at', 'at', TIME],
  ['kind', 'kind', TEXT],
  ['server', 'server', TEXT],
  ['ip', 'address', TEXT],
  ['htype', 'htype', NUMBER],
  ['mac', 'hwaddr', MAC],
  ['client_id', 'clientId', BYTES],
  ['hostname', 'hostname', ESCAPED],
  ['vendor_class', 'vendorClass', ESCAPED],
  ['parameter_request_list', 'parameterRequestList', BYTES],
  ['xid', 'xid', NUMBER],
  ['client_state', 'clientState', TEXT],
  ['giaddr', 'giaddr', TEXT],
  ['option82', 'option82', BYTES],
  ['circuit_id', 'circuitId', BYTES],
  ['remote_id', 'remoteId', BYTES],
  ['subscriber_id', 'subscriberId', BYTES],
  ['relay_id', 'relayId', BYTES],
  ['link_selection', 'linkSelection', TEXT],
  ['evidence', 'evidence', TEXT],
  ['lease_start', 'leaseStart', TIME],
  ['lease_end', 'leaseEnd', TIME],
  ['detail', 'detail', TEXT],
  ['hash', 'hash', BYTES],
];

/** The columns of table `events`, in the order of {@link eventToRow}. */
export const EVENT_COLUMNS: readonly string[] = COLUMNS.map(([column]) => column);

/** Those of them that hold bytes. */
export const EVENT_BYTE_COLUMNS: readonly string[] = COLUMNS.flatMap(([column, , codec]) =>
  codec === BYTES ? [column] : [],
);

/** The values of an event's row, in the order of {@link EVENT_COLUMNS}. */
export function eventToRow(event: LedgerEvent): Value[] {
  return COLUMNS.map(([, field, codec]) => {
    const value = event[field];
    return value === null ? null : codec.write(value as never);
  });
}

/** The event of a row of table `events`. Throws RangeError if a column holds what {@link eventToRow} cannot have written. */
export function rowToEvent(row: Readonly<Record<string, Value>>): LedgerEvent {
  const event: Record<string, unknown> = {};
  for (const [column, field, codec] of COLUMNS) {
    const value = row[column] ?? null;
    event[field] = value === null ? null : codec.read(value);
  }
  return event as unknown as LedgerEvent;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// SQLite lets a column hold a value of any type.

function asText(value: Value): string {
  if (typeof value !== 'string') throw new RangeError('a column of text holds something else');
  return value;
}

function asNumber(value: Value): number {
  if (typeof value !== 'number') throw new RangeError('a column of numbers holds something else');
  return value;
}

function asBytes(value: Value): Buffer {
  if (!Buffer.isBuffer(value)) throw new RangeError('a column of bytes holds something else');
  return value;
}

let lastUuid = { bytes: Buffer.alloc(0), text: '' };

/** The rows that follow one another are mostly of one queue. */
function knownUuidText(bytes: Buffer): string {
  if (!bytes.equals(lastUuid.bytes)) lastUuid = { bytes: Buffer.from(bytes), text: uuidText(bytes) };
  return lastUuid.text;
}
