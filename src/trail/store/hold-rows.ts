import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import type { Hold, HoldSubject } from '../../ledger/proof/hold.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { upsertRows } from './sql.js';

const HOLD_COLUMNS = [
  'hold_id',
  'subject',
  'value',
  'label',
  'held_from',
  'held_to',
  'reason',
  'placed_at',
  'placed_by',
  'lifted_at',
  'lifted_by',
  'key_id',
  'signature',
];

/** Every hold, lifted ones included, in the order of their numbers. */
export async function readHolds(db: TrailConnection): Promise<Hold[]> {
  return (await knexOf(db)('holds').select(HOLD_COLUMNS).orderBy('hold_id')).map(rowToHold);
}

/** Writes a hold; replaces the one with its number. */
export async function writeHold(db: TrailConnection, hold: Hold): Promise<void> {
  const row: Value[] = [
    hold.id,
    hold.by,
    hold.value,
    hold.label,
    optional(hold.from),
    optional(hold.to),
    hold.reason,
    toSqlTime(hold.placedAt),
    hold.placedBy,
    optional(hold.liftedAt),
    hold.liftedBy,
    Buffer.from(hold.keyId, 'hex'),
    Buffer.from(hold.signature),
  ];
  await upsertRows(db, 'holds', HOLD_COLUMNS, 1, [row]);
}

function rowToHold(row: Readonly<Record<string, Value>>): Hold {
  return {
    id: row.hold_id as number,
    by: row.subject as HoldSubject,
    value: row.value as string,
    label: row.label as string,
    from: optionalTime(row.held_from),
    to: optionalTime(row.held_to),
    reason: row.reason as string,
    placedAt: fromSqlTime(row.placed_at as string),
    placedBy: row.placed_by as string,
    liftedAt: optionalTime(row.lifted_at),
    liftedBy: row.lifted_by as string | null,
    keyId: (row.key_id as Buffer).toString('hex'),
    signature: row.signature as Buffer,
  };
}

function optional(at: Micros | null): string | null {
  return at === null ? null : toSqlTime(at);
}

function optionalTime(value: Value | undefined): Micros | null {
  return value === null || value === undefined ? null : fromSqlTime(value as string);
}
