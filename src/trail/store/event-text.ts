import { readUint } from '../../ledger/event/field-reader.js';
import {
  AT_AT,
  FIELDS,
  type Field,
  HASH_LENGTH,
  HEAD_LENGTH,
  NULL_LENGTH,
  QUEUE_AT,
  SEQUENCE_AT,
} from '../../ledger/event/layout.js';
import { lengthAt } from '../../ledger/event/page.js';
import type { StoredEvent } from '../../ledger/event/stored-event.js';
import type { RowForm } from './bulk.js';
import { EVENT_COLUMNS, eventToRow } from './event-rows.js';
import type { RowText } from './row-text.js';

/** How a field of the canonical encoding is written to its column. */
type Form = 'same' | 'number' | 'time' | 'mac' | 'escaped';

const OTHER_FORMS: Partial<Record<Field, Form>> = {
  hwaddr: 'mac',
  hostname: 'escaped',
  vendorClass: 'escaped',
  leaseStart: 'time',
  leaseEnd: 'time',
};
const FORMS: readonly Form[] = FIELDS.map(
  ([field, codec]) => OTHER_FORMS[field] ?? (codec === 'uint' ? 'number' : 'same'),
);

/** How events are written to their table. */
export const EVENT_FORM: RowForm<StoredEvent> = {
  table: 'events',
  columns: EVENT_COLUMNS,
  keyLength: 2,
  values: eventToRow,
  write: writeEvent,
};

/** Writes the same as `eventToRow`, straight from the canonical encoding, which has the order of the columns. */
function writeEvent(text: RowText, { stored }: StoredEvent): void {
  text.bytes(stored, QUEUE_AT, SEQUENCE_AT);
  text.number(readUint(stored, SEQUENCE_AT));
  text.time(readUint(stored, AT_AT));
  let offset = HEAD_LENGTH;
  for (let field = 0; field < FIELDS.length; field++) {
    const start = offset + 2;
    const length = lengthAt(stored, offset);
    offset = length === NULL_LENGTH ? start : start + length;
    if (length === NULL_LENGTH) text.null();
    else writeField(text, FORMS[field]!, stored, start, offset);
  }
  text.bytes(stored, offset, offset + HASH_LENGTH);
}

function writeField(text: RowText, form: Form, stored: Buffer, start: number, end: number): void {
  if (form === 'same') text.bytes(stored, start, end);
  else if (form === 'number') text.number(readUint(stored, start));
  else if (form === 'time') text.time(readUint(stored, start));
  else if (form === 'mac') text.mac(stored, start, end);
  else text.escaped(stored, start, end);
}
