import { readBaseline } from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import { queueUuids } from '../store/queue-table.js';
import { moveBaseline } from './baseline.js';
import { type Counts, countEvents, removeEvents } from './events.js';
import type { Outcome, Plan } from './plan.js';
import { countSightings, removeSightings } from './sightings.js';

/**
 * Removes old events and sightings, except held ones. It can be cut off at any point: the trail stays sound, and the next run
 * continues. Throws RetainRefusedError if records were changed; none of those is removed.
 */
export async function retain(db: TrailConnection, wanted: Plan): Promise<Outcome> {
  const current = await readBaseline(db);
  // Baselines are in the order of time, even if the clock was put back
  const plan = { ...wanted, at: Math.max(wanted.at, (current?.at ?? 0) + 1) };
  const baseline = await moveBaseline(db, { ...plan, before: Math.max(plan.before, current?.before ?? 0) });
  const events = await eachQueue(db, (queue) => removeEvents(db, queue, plan));
  const sightings = await removeSightings(db, baseline, plan);
  return outcomeOf(events, sightings);
}

/** Counts what {@link retain} would remove now. */
export async function preview(db: TrailConnection, plan: Plan): Promise<Outcome> {
  const events = await eachQueue(db, (queue) => countEvents(db, queue, plan));
  return outcomeOf(events, await countSightings(db, plan));
}

async function eachQueue(db: TrailConnection, work: (queue: string) => Promise<Counts>): Promise<Counts> {
  let [removed, held] = [0, 0];
  for (const queue of await queueUuids(db)) {
    const counts = await work(queue);
    removed += counts.removed;
    held += counts.held;
  }
  return { removed, held };
}

function outcomeOf(events: Counts, sightings: Counts): Outcome {
  return {
    events: events.removed,
    heldEvents: events.held,
    sightings: sightings.removed,
    heldSightings: sightings.held,
  };
}
