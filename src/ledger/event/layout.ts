import type { EventDraft } from './event.js';

/** First byte of the canonical encoding. A change of the fields or their order makes a new version; old ones stay readable. */
export const VERSION = 1;
export const HASH_LENGTH = 32;
/** Version, queue, sequence and at. */
export const HEAD_LENGTH = 33;
/** Their offsets, after the version. */
export const QUEUE_AT = 1;
export const SEQUENCE_AT = 17;
export const AT_AT = 25;
/** Length of a field that is null. */
export const NULL_LENGTH = 0xffff;

/** An event without its name and hash: what the canonical encoding holds besides queue, sequence and at. */
export type Field = keyof EventDraft;
export type Codec = 'text' | 'bytes' | 'uint';

/** The canonical order. Nothing may be inserted, removed or reordered within a version. */
export const FIELDS: readonly (readonly [Field, Codec])[] = [
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

/** The number of a field in the canonical order, from 0. */
export function fieldNumber(field: Field): number {
  return FIELDS.findIndex(([name]) => name === field);
}
