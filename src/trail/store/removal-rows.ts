import { fromSqlTime, toSqlTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import type { Removal } from '../../ledger/proof/removal.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { upsertRows } from './sql.js';

const REMOVAL_COLUMNS = [
  'queue_uuid',
  'from_sequence',
  'to_sequence',
  'hash_before',
  'hash_after',
  'removed_at',
  'reason',
  'key_id',
  'signature',
];

/** Every stretch of the queue that retention removed, in order. Throws RangeError for a row that Portledger cannot have written. */
export async function readRemovals(db: TrailConnection, queue: string): Promise<Removal[]> {
  const rows = await knexOf(db)('removals')
    .select(REMOVAL_COLUMNS)
    .where('queue_uuid', uuidBytes(queue))
    .orderBy('from_sequence');
  return rows.map(rowToRemoval);
}

/** Writes removals; replaces those that begin at the same event. */
export async function writeRemovals(db: TrailConnection, removals: readonly Removal[]): Promise<void> {
  await upsertRows(db, 'removals', REMOVAL_COLUMNS, 2, removals.map(removalToRow));
}

function removalToRow(removal: Removal): Value[] {
  return [
    uuidBytes(removal.queue),
    removal.from,
    removal.to,
    Buffer.from(removal.hashBefore),
    Buffer.from(removal.hashAfter),
    toSqlTime(removal.at),
    removal.reason,
    Buffer.from(removal.keyId, 'hex'),
    Buffer.from(removal.signature),
  ];
}

function rowToRemoval(row: Readonly<Record<string, Value>>): Removal {
  return {
    queue: uuidText(row.queue_uuid as Buffer),
    from: row.from_sequence as number,
    to: row.to_sequence as number,
    hashBefore: row.hash_before as Buffer,
    hashAfter: row.hash_after as Buffer,
    at: fromSqlTime(row.removed_at as string),
    reason: row.reason as string,
    keyId: (row.key_id as Buffer).toString('hex'),
    signature: row.signature as Buffer,
  };
}
