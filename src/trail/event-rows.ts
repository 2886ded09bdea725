import { escapeBytes, unescapeBytes } from '../base/bytes.js';
import { fromSqlTime, toSqlTime } from '../base/time.js';
import { uuidBytes, uuidText } from '../event/encoding.js';
import type { LedgerEvent } from '../event/event.js';
import { formatMac, parseMac } from './mac.js';

/** What a column holds, as every database gives it back. */
export type Value = string | number | Buffer | null;

/** How the value of a field is written in a column, losslessly, and read again. Null is null everywhere. */
interface Codec {
  write(value: never): Value;
  read(value: never): unknown;
}

const AS_IS: Codec = { write: (value: Value) => value, read: (value: Value) => value };
const BYTES: Codec = { write: asBuffer, read: asBuffer };
const ESCAPED: Codec = { write: escapeBytes, read: unescapeBytes };
const MAC: Codec = { write: formatMac, read: parseMac };
const TIME: Codec = { write: toSqlTime, read: fromSqlTime };
const UUID: Codec = { write: uuidBytes, read: uuidText };

/** Every field of an event has one column, and the table `events` has no other. */
const COLUMNS: readonly (readonly [column: string, field: keyof LedgerEvent, codec: Codec])[] = [
  ['queue_uuid', 'queue', UUID],
  ['sequence', 'sequence', AS_IS],
  ['at', 'at', TIME],
  ['kind', 'kind', AS_IS],
  ['server', 'server', AS_IS],
  ['ip', 'address', AS_IS],
  ['htype', 'htype', AS_IS],
  ['mac', 'hwaddr', MAC],
  ['client_id', 'clientId', BYTES],
  ['hostname', 'hostname', ESCAPED],
  ['vendor_class', 'vendorClass', ESCAPED],
  ['parameter_request_list', 'parameterRequestList', BYTES],
  ['xid', 'xid', AS_IS],
  ['client_state', 'clientState', AS_IS],
  ['giaddr', 'giaddr', AS_IS],
  ['option82', 'option82', BYTES],
  ['circuit_id', 'circuitId', BYTES],
  ['remote_id', 'remoteId', BYTES],
  ['subscriber_id', 'subscriberId', BYTES],
  ['relay_id', 'relayId', BYTES],
  ['link_selection', 'linkSelection', AS_IS],
  ['evidence', 'evidence', AS_IS],
  ['lease_start', 'leaseStart', TIME],
  ['lease_end', 'leaseEnd', TIME],
  ['detail', 'detail', AS_IS],
  ['hash', 'hash', BYTES],
];

/** The columns of table `events`, in the order of {@link eventToRow}. */
export const EVENT_COLUMNS: readonly string[] = COLUMNS.map(([column]) => column);

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
    event[field] = value === null ? null : codec.read(value as never);
  }
  return event as unknown as LedgerEvent;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
