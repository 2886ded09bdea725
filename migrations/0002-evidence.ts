import type { Knex } from 'knex';
import { type ColumnTypes, columnTypes, createTable, type TableDefinition } from './schema.js';

/** What a server signed: the chain of its queue has this hash at this sequence, and later events are signed within so many microseconds. */
function checkpoints(t: ColumnTypes): TableDefinition {
  return {
    name: 'checkpoints',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      sequence: `${t.uint64} NOT NULL`,
      key_id: `${t.fixed(16)} NOT NULL`,
      hash: `${t.fixed(32)} NOT NULL`,
      at: `${t.time} NOT NULL`,
      next_within: `${t.uint64} NOT NULL`,
      signature: `${t.fixed(64)} NOT NULL`,
    },
    primaryKey: ['queue_uuid', 'sequence', 'key_id'],
  };
}

/** Public halves of the keys that sign; a key that replaced another carries the other's signature. */
function signingKeys(t: ColumnTypes): TableDefinition {
  return {
    name: 'signing_keys',
    columns: {
      key_id: `${t.fixed(16)} NOT NULL`,
      public_key: `${t.bytes(64)} NOT NULL`,
      server: `${t.text(255)} NOT NULL`,
      introduced_at: `${t.time} NOT NULL`,
      introduced_by: `${t.fixed(16)} NULL`,
      signature: `${t.fixed(64)} NULL`,
    },
    primaryKey: ['key_id'],
  };
}

const TABLES = [checkpoints, signingKeys];

/** Tables of the evidence: what was signed, what was removed and by whom it was read. */
export async function up(db: Knex): Promise<void> {
  const types = columnTypes(db);
  for (const table of TABLES) await createTable(db, table(types));
  await db('trail_state').where('id', 1).update({ schema_version: 2 });
}

/** Removes all of it. */
export async function down(db: Knex): Promise<void> {
  for (const table of TABLES.toReversed()) await db.raw(`DROP TABLE IF EXISTS ${table(columnTypes(db)).name}`);
  await db('trail_state').where('id', 1).update({ schema_version: 1 });
}
