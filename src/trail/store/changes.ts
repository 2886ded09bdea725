import { compareText, type EventKey, openingKey, type Sighting } from '../sightings/rules.js';
import type { Splice } from '../sightings/splice.js';
import { replaceAll } from './bulk.js';
import type { TrailConnection } from './database.js';
import type { Work } from './load.js';
import { deleteSightings } from './sighting-table.js';
import { SIGHTING_FORM } from './sighting-text.js';
import { chunks, LIST_LENGTH } from './sql.js';

/** Rows of `sightings` to write and to remove, by `queue/sequence` of the opening event. */
export interface Changes {
  readonly saved: Map<string, Sighting>;
  readonly removed: Map<string, EventKey>;
}

/** Adds a row to write. */
export function save(changes: Changes, sighting: Sighting): void {
  changes.saved.set(nameOf(openingKey(sighting)), sighting);
}

/** Adds the changes of a splice. */
export function apply(changes: Changes, { saved, removed }: Splice): void {
  for (const sighting of saved) save(changes, sighting);
  for (const key of removed) changes.removed.set(nameOf(key), key);
}

/** `queue/sequence`. */
export function nameOf(key: Pick<EventKey, 'queue' | 'sequence'>): string {
  return `${key.queue}/${key.sequence}`;
}

/**
 * Writes all changes.
 * @param meanwhile work to do while the database is busy
 */
export async function writeChanges(db: TrailConnection, changes: Changes, meanwhile: Work): Promise<void> {
  for (const part of chunks([...changes.removed.values()], LIST_LENGTH)) {
    await deleteSightings(db, part);
  }
  await replaceAll(db, SIGHTING_FORM, inOrder(changes.saved.values()), meanwhile);
}

/** Sorted by the primary key, so that InnoDB fills its pages one after the other. */
function inOrder(sightings: Iterable<Sighting>): Sighting[] {
  return [...sightings].sort(
    (a, b) => compareText(a.openedQueue, b.openedQueue) || a.openedSequence - b.openedSequence,
  );
}
