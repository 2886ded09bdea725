import type { SqliteDatabase } from '../../base/sqlite.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import type { Introduction } from '../proof/introduction.js';

/** A checkpoint with its number in the order of signing. */
export interface NumberedCheckpoint {
  readonly number: number;
  readonly checkpoint: Checkpoint;
}

/** Most checkpoints of one read. */
const READ_LIMIT = 1000;

interface CheckpointRow {
  number: number;
  sequence: number;
  key_id: string;
  hash: Buffer;
  at: number;
  next_within: number;
  signature: Buffer;
}

interface KeyRow {
  key_id: string;
  public_key: Buffer;
  introduced_at: number;
  introduced_by: string | null;
  signature: Buffer | null;
}

/** Adds a checkpoint. */
export function insertCheckpoint(db: SqliteDatabase, checkpoint: Checkpoint): void {
  const { sequence, keyId, hash, at, nextWithin, signature } = checkpoint;
  db.prepare(
    'INSERT INTO checkpoints (sequence, key_id, hash, at, next_within, signature) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(sequence, keyId, hash, at, nextWithin, signature);
}

/** The first checkpoints after `number` and up to event `sequence`, in the order of signing. */
export function checkpointsAfter(
  db: SqliteDatabase,
  queue: string,
  number: number,
  sequence: number,
): NumberedCheckpoint[] {
  const rows = db
    .prepare('SELECT * FROM checkpoints WHERE number > ? AND sequence <= ? ORDER BY number LIMIT ?')
    .all(number, sequence, READ_LIMIT) as CheckpointRow[];
  return rows.map((row) => numberedOf(row, queue));
}

/** The newest checkpoint, undefined if there is none. */
export function newestCheckpoint(db: SqliteDatabase, queue: string): Checkpoint | undefined {
  const row = db.prepare('SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1').get() as CheckpointRow | undefined;
  return row && numberedOf(row, queue).checkpoint;
}

/** Deletes checkpoints up to `number`, but never the newest. */
export function deleteCheckpoints(db: SqliteDatabase, number: number): void {
  db.prepare('DELETE FROM checkpoints WHERE number <= ? AND number < (SELECT max(number) FROM checkpoints)').run(
    number,
  );
}

/** Adds a key unless it is there already. */
export function insertIntroduction(db: SqliteDatabase, introduction: Introduction): void {
  const { keyId, publicKey, at, by, signature } = introduction;
  db.prepare(
    'INSERT OR IGNORE INTO signing_keys (key_id, public_key, introduced_at, introduced_by, signature) VALUES (?, ?, ?, ?, ?)',
  ).run(keyId, publicKey, at, by, signature);
}

/** Every key that signed in this queue, oldest first. `server` is the name of its writer. */
export function introductions(db: SqliteDatabase, server: string): Introduction[] {
  const rows = db.prepare('SELECT * FROM signing_keys ORDER BY introduced_at, rowid').all() as KeyRow[];
  return rows.map((row) => ({
    keyId: row.key_id,
    publicKey: row.public_key,
    server,
    at: row.introduced_at,
    by: row.introduced_by,
    signature: row.signature,
  }));
}

function numberedOf(row: CheckpointRow, queue: string): NumberedCheckpoint {
  const { number, sequence, hash, at, signature } = row;
  return {
    number,
    checkpoint: { queue, sequence, hash, at, nextWithin: row.next_within, keyId: row.key_id, signature },
  };
}
