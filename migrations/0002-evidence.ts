import type { Knex } from 'knex';
import { sightingColumns } from './0001-trail.js';
import { type ColumnTypes, columnTypes, createIndex, createTable, dropIndex, type TableDefinition } from './schema.js';

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

/** Stretches of a queue's events that retention removed, signed; the chain is checked over them. */
function removals(t: ColumnTypes): TableDefinition {
  return {
    name: 'removals',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      from_sequence: `${t.uint64} NOT NULL`,
      to_sequence: `${t.uint64} NOT NULL`,
      hash_before: `${t.fixed(32)} NOT NULL`,
      hash_after: `${t.fixed(32)} NOT NULL`,
      removed_at: `${t.time} NOT NULL`,
      reason: `${t.text(255)} NOT NULL`,
      key_id: `${t.fixed(16)} NOT NULL`,
      signature: `${t.fixed(64)} NOT NULL`,
    },
    primaryKey: ['queue_uuid', 'from_sequence'],
  };
}

/** One signed row for each run of retention: the time from which sightings can be rebuilt. The newest is in force. */
function baselines(t: ColumnTypes): TableDefinition {
  return {
    name: 'baselines',
    columns: {
      made_at: `${t.time} NOT NULL`,
      events_before: `${t.time} NOT NULL`,
      sightings_before: `${t.time} NULL`,
      sightings_removed: `${t.uint32} NOT NULL`,
      open_sightings: `${t.uint32} NOT NULL`,
      open_digest: `${t.fixed(32)} NOT NULL`,
      key_id: `${t.fixed(16)} NOT NULL`,
      signature: `${t.fixed(64)} NOT NULL`,
    },
    primaryKey: ['made_at'],
  };
}

/** The sightings that were open at a baseline, as they were then; at most one for each address. */
function openSightings(t: ColumnTypes): TableDefinition {
  return {
    name: 'baseline_sightings',
    columns: { baseline: `${t.time} NOT NULL`, ...sightingColumns(t) },
    primaryKey: ['baseline', 'ip'],
  };
}

/** What retention must keep, signed as it was placed or lifted. */
function holds(t: ColumnTypes): TableDefinition {
  return {
    name: 'holds',
    columns: {
      hold_id: `${t.uint32} NOT NULL`,
      subject: `${t.ascii(16)} NOT NULL`,
      value: `${t.ascii(47)} NOT NULL`,
      label: `${t.text(1100)} NOT NULL`,
      held_from: `${t.time} NULL`,
      held_to: `${t.time} NULL`,
      reason: `${t.text(1024)} NOT NULL`,
      placed_at: `${t.time} NOT NULL`,
      placed_by: `${t.text(255)} NOT NULL`,
      lifted_at: `${t.time} NULL`,
      lifted_by: `${t.text(255)} NULL`,
      key_id: `${t.fixed(16)} NOT NULL`,
      signature: `${t.fixed(64)} NOT NULL`,
    },
    primaryKey: ['hold_id'],
  };
}

/** Who asked what. Without an exit code the answer was not finished. */
function accessLog(t: ColumnTypes): TableDefinition {
  return {
    name: 'access_log',
    columns: {
      access_id: `${t.fixed(16)} NOT NULL`,
      at: `${t.time} NOT NULL`,
      os_user: `${t.text(255)} NOT NULL`,
      host: `${t.text(255)} NOT NULL`,
      question: `${t.text(1024)} NOT NULL`,
      exit_code: `${t.uint8} NULL`,
    },
    primaryKey: ['access_id'],
    indexes: { access_log_at: ['at'] },
  };
}

/** Events that the database refused as rows, by their canonical encoding: the chain continues through them. */
function quarantined(t: ColumnTypes): TableDefinition {
  return {
    name: 'quarantined',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      sequence: `${t.uint64} NOT NULL`,
      at: `${t.time} NOT NULL`,
      hash: `${t.fixed(32)} NOT NULL`,
      encoded: `${t.longBlob} NOT NULL`,
      reason: `${t.text(255)} NOT NULL`,
    },
    primaryKey: ['queue_uuid', 'sequence'],
  };
}

const TABLES = [checkpoints, signingKeys, removals, baselines, openSightings, holds, accessLog, quarantined];

/** Tables of the evidence: what was signed, what was removed, and who read it. */
export async function up(db: Knex): Promise<void> {
  const types = columnTypes(db);
  for (const table of TABLES) await createTable(db, table(types));
  // Retention finds old sightings by it.
  await createIndex(db, 'sightings', 'sightings_ended_at', ['ended_at']);
  await db('trail_state').where('id', 1).update({ schema_version: 2 });
}

/** Removes these tables. */
export async function down(db: Knex): Promise<void> {
  await dropIndex(db, 'sightings', 'sightings_ended_at');
  for (const table of TABLES.toReversed()) await db.raw(`DROP TABLE IF EXISTS ${table(columnTypes(db)).name}`);
  await db('trail_state').where('id', 1).update({ schema_version: 1 });
}
