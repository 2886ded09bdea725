import { knexOf, type TrailConnection } from './database.js';
import { SchemaError } from './errors.js';
import { refuseNewer } from './migrator.js';

/** What the writer that holds the lock knows of the trail. */
export interface LockedTrail {
  /** Fingerprint of the naming that the names of switches and ports were made by. */
  readonly naming: string;
  /** How often the lock was taken so far: one more than at the writer before. */
  readonly lockNumber: number;
}

/**
 * Takes the lock of the trail's writers, until the transaction ends: none of them sees half of another's work, and none deadlocks.
 * The update takes the row lock (on SQLite the write lock) before anything is read.
 * @throws SchemaError if the schema is newer than this program
 */
export async function lockTrail(db: TrailConnection): Promise<LockedTrail> {
  await knexOf(db)('trail_state').where('id', 1).increment('turn', 1);
  const row = await knexOf(db)('trail_state').where('id', 1).first('schema_version', 'naming', 'turn');
  if (!row) throw new SchemaError('The trail has lost its version', { hint: 'restore table trail_state' });
  // The trail may have been migrated since this process checked it.
  refuseNewer(row.schema_version as number);
  return { naming: row.naming as string, lockNumber: row.turn as number };
}

/** The fingerprint of the naming that the names in the trail were made by; undefined if table `trail_state` is empty. */
export async function readNamingFingerprint(db: TrailConnection): Promise<string | undefined> {
  const state = await knexOf(db)('trail_state').where('id', 1).first('naming');
  return state?.naming as string | undefined;
}

/** Notes the naming that the names in the trail are made by now. */
export async function writeNamingFingerprint(db: TrailConnection, fingerprint: string): Promise<void> {
  await knexOf(db)('trail_state').where('id', 1).update({ naming: fingerprint });
}
