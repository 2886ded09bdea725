import type { Knex } from 'knex';

/** Counts how often writers took the lock of the trail, so that each sees whether another one wrote since. */
export async function up(db: Knex): Promise<void> {
  // A migration that was cut off may have added it already.
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
