import type { Knex } from 'knex';

/** Writers of the trail count their turns, so that each knows whether another wrote since its last one. */
export async function up(db: Knex): Promise<void> {
  // A migration that was cut off may have come as far as this.
  if (!(await db.schema.hasColumn('trail_state', 'turn'))) {
    await db.raw('ALTER TABLE trail_state ADD COLUMN turn BIGINT NOT NULL DEFAULT 0');
  }
  await db('trail_state').where('id', 1).update({ schema_version: 3 });
}

/** Removes the count. */
export async function down(db: Knex): Promise<void> {
  await db.raw('ALTER TABLE trail_state DROP COLUMN turn');
  await db('trail_state').where('id', 1).update({ schema_version: 2 });
}
