import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import type { Introduction } from '../../ledger/proof/introduction.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { insertNewRows, upsertRows } from './sql.js';

const CHECKPOINT_COLUMNS = ['queue_uuid', 'sequence', 'key_id', 'hash', 'at', 'next_within', 'signature'];
const KEY_COLUMNS = ['key_id', 'public_key', 'server', 'introduced_at', 'introduced_by', 'signature'];

/** What a server signed, and the keys it signed with. */
export interface Proof {
  readonly checkpoints: readonly Checkpoint[];
  readonly keys: readonly Introduction[];
}

/** Writes checkpoints and keys. Existing rows stay as they are, except that a key may be certified later. */
export async function writeProof(db: TrailConnection, proof: Proof): Promise<void> {
  await insertNewRows(db, 'checkpoints', CHECKPOINT_COLUMNS, proof.checkpoints.map(checkpointToRow));
  const [certified, first] = [proof.keys.filter(({ by }) => by !== null), proof.keys.filter(({ by }) => by === null)];
  await upsertRows(db, 'signing_keys', KEY_COLUMNS, 1, certified.map(introductionToRow));
  await insertNewRows(db, 'signing_keys', KEY_COLUMNS, first.map(introductionToRow));
}

/** Up to `limit` checkpoints of a queue after the one named, in the order of sequence and key. Throws RangeError for a row that Portledger cannot have written. */
export async function checkpointPage(
  db: TrailConnection,
  queue: string,
  after: { sequence: number; keyId: string },
  limit: number,
): Promise<Checkpoint[]> {
  const rows = await knexOf(db)('checkpoints')
    .select(CHECKPOINT_COLUMNS)
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>=', after.sequence)
    .where((rest) =>
      rest.where('sequence', '>', after.sequence).orWhere('key_id', '>', Buffer.from(after.keyId, 'hex')),
    )
    .orderBy(['sequence', 'key_id'])
    .limit(limit);
  return rows.map(rowToCheckpoint);
}

/** The event of a queue's first checkpoint at or after this time, null if there is none. The checkpoint covers all events before it. */
export async function firstCheckpointAt(db: TrailConnection, queue: string, time: Micros): Promise<number | null> {
  const row = await knexOf(db)('checkpoints')
    .where('queue_uuid', uuidBytes(queue))
    .where('at', '>=', toSqlTime(time))
    .min('sequence as sequence')
    .first();
  return (row?.sequence as number | null | undefined) ?? null;
}

/** Every key that was ever introduced. */
export async function readIntroductions(db: TrailConnection): Promise<Introduction[]> {
  const rows = await knexOf(db)('signing_keys').select(KEY_COLUMNS).orderBy(['introduced_at', 'key_id']);
  return rows.map((row) => ({
    keyId: row.key_id.toString('hex'),
    publicKey: row.public_key,
    server: row.server,
    at: fromSqlTime(row.introduced_at),
    by: row.introduced_by === null ? null : row.introduced_by.toString('hex'),
    signature: row.signature,
  }));
}

function checkpointToRow(checkpoint: Checkpoint): Value[] {
  const { queue, sequence, keyId, hash, at, nextWithin, signature } = checkpoint;
  const key = Buffer.from(keyId, 'hex');
  return [uuidBytes(queue), sequence, key, Buffer.from(hash), toSqlTime(at), nextWithin, Buffer.from(signature)];
}

function rowToCheckpoint(row: Record<string, Value>): Checkpoint {
  return {
    queue: uuidText(row.queue_uuid as Buffer),
    sequence: row.sequence as number,
    keyId: (row.key_id as Buffer).toString('hex'),
    hash: row.hash as Buffer,
    at: fromSqlTime(row.at as string),
    nextWithin: row.next_within as number,
    signature: row.signature as Buffer,
  };
}

function introductionToRow(introduction: Introduction): Value[] {
  const { keyId, publicKey, server, at, by, signature } = introduction;
  return [
    Buffer.from(keyId, 'hex'),
    Buffer.from(publicKey),
    server,
    toSqlTime(at),
    by === null ? null : Buffer.from(by, 'hex'),
    signature && Buffer.from(signature),
  ];
}
