import { formatHardwareAddress, parseHardwareAddress } from '../../base/hardware-address.js';
import { escapeBytes, unescapeBytes } from '../../base/text.js';
import { parseSqlTime, toSqlTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';

/** The value of a column, the same from every database. */
export type Value = string | number | Buffer | null;

/**
 * Reads the value of a column that is not null. Throws RangeError for a value that {@link eventToRow} cannot have written, so that the
 * hash covers exactly what auditors read.
 */
type Reader = (value: Value) => unknown;

const TIME: Reader = (value) => parseSqlTime(asText(value));
const MAC: Reader = (value) => parseHardwareAddress(asText(value));
const ESCAPED: Reader = (value) => unescapeBytes(asText(value));
const UUID: Reader = (value) => uuidText(asBytes(value));

/** Every field of an event has one column, and the table `events` has no other. {@link eventToRow} has the same order. */
const COLUMNS: readonly (readonly [column: string, field: keyof LedgerEvent, read: Reader])[] = [
  ['queue_uuid', 'queue', UUID],
  ['sequence', 'sequence', asNumber],
  ['at', 'at', TIME],
  ['kind', 'kind', asText],
  ['server', 'server', asText],
  ['ip', 'address', asText],
  ['htype', 'htype', asNumber],
  ['mac', 'hwaddr', MAC],
  ['client_id', 'clientId', asBytes],
  ['hostname', 'hostname', ESCAPED],
  ['vendor_class', 'vendorClass', ESCAPED],
  ['parameter_request_list', 'parameterRequestList', asBytes],
  ['xid', 'xid', asNumber],
  ['client_state', 'clientState', asText],
  ['giaddr', 'giaddr', asText],
  ['option82', 'option82', asBytes],
  ['circuit_id', 'circuitId', asBytes],
  ['remote_id', 'remoteId', asBytes],
  ['subscriber_id', 'subscriberId', asBytes],
  ['relay_id', 'relayId', asBytes],
  ['link_selection', 'linkSelection', asText],
  ['evidence', 'evidence', asText],
  ['lease_start', 'leaseStart', TIME],
  ['lease_end', 'leaseEnd', TIME],
  ['detail', 'detail', asText],
  ['hash', 'hash', asBytes],
];

/** The columns of table `events`, in the order of {@link eventToRow}. */
export const EVENT_COLUMNS: readonly string[] = COLUMNS.map(([column]) => column);

/** The columns that hold bytes. */
export const EVENT_BYTE_COLUMNS: readonly string[] = COLUMNS.flatMap(([column, , read]) =>
  read === asBytes ? [column] : [],
);

/** The values of an event's row, in the order of {@link EVENT_COLUMNS}. */
export function eventToRow(event: LedgerEvent): Value[] {
  return [
    uuidBytes(event.queue),
    event.sequence,
    toSqlTime(event.at),
    event.kind,
    event.server,
    event.address,
    event.htype,
    event.hwaddr && formatHardwareAddress(event.hwaddr),
    viewOf(event.clientId),
    event.hostname && escapeBytes(event.hostname),
    event.vendorClass && escapeBytes(event.vendorClass),
    viewOf(event.parameterRequestList),
    event.xid,
    event.clientState,
    event.giaddr,
    viewOf(event.option82),
    viewOf(event.circuitId),
    viewOf(event.remoteId),
    viewOf(event.subscriberId),
    viewOf(event.relayId),
    event.linkSelection,
    event.evidence,
    event.leaseStart === null ? null : toSqlTime(event.leaseStart),
    event.leaseEnd === null ? null : toSqlTime(event.leaseEnd),
    event.detail,
    viewOf(event.hash),
  ];
}

/** The event of a row of table `events`. Throws RangeError if a column holds what {@link eventToRow} cannot have written. */
export function rowToEvent(row: Readonly<Record<string, Value>>): LedgerEvent {
  const event: Record<string, unknown> = {};
  for (const [column, field, read] of COLUMNS) {
    const value = row[column] ?? null;
    event[field] = value === null ? null : read(value);
  }
  return event as unknown as LedgerEvent;
}

function viewOf(bytes: Uint8Array | null): Buffer | null {
  if (bytes === null || Buffer.isBuffer(bytes)) return bytes;
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
