import type { Knex } from 'knex';
import * as trail from './0001-trail.js';
import * as evidence from './0002-evidence.js';
import * as turns from './0003-turns.js';

export interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

/** Every migration in order. One that was released is never edited; a change of the schema is a new one at the end. */
export const MIGRATIONS: readonly NamedMigration[] = [
  { name: '0001-trail', up: trail.up, down: trail.down },
  { name: '0002-evidence', up: evidence.up, down: evidence.down },
  { name: '0003-turns', up: turns.up, down: turns.down },
];

/** What `trail_state.schema_version` says after all of them. */
export const SCHEMA_VERSION = MIGRATIONS.length;
