import type { Knex } from 'knex';
import { uuidText } from '../../ledger/event/encoding.js';
import { readBaseline } from '../store/baseline-rows.js';
import { moveBaseline } from './baseline.js';
import { type Counts, countEvents, removeEvents } from './events.js';
import type { Outcome, Plan } from './plan.js';
import { countSightings, removeSightings } from './sightings.js';

/**
 * Removes old events and sightings, except held ones. It can be cut off at any point: what is left is sound, and the next run
 * goes on. Throws RetainRefusedError, before anything it is about is removed, where the trail is not what was once written.
 */
export async function retain(knex: Knex, wanted: Plan): Promise<Outcome> {
  const current = await readBaseline(knex);
  // Baselines are in the order of time even where the clock was put back
  const plan = { ...wanted, at: Math.max(wanted.at, (current?.at ?? 0) + 1) };
  const baseline = await moveBaseline(knex, { ...plan, before: Math.max(plan.before, current?.before ?? 0) });
  const events = await eachQueue(knex, (queue) => removeEvents(knex, queue, plan));
  const sightings = await removeSightings(knex, baseline, plan);
  return outcomeOf(events, sightings);
}

/** What {@link retain} would remove now. */
export async function preview(knex: Knex, plan: Plan): Promise<Outcome> {
  const events = await eachQueue(knex, (queue) => countEvents(knex, queue, plan));
  return outcomeOf(events, await countSightings(knex, plan));
}

async function eachQueue(knex: Knex, work: (queue: string) => Promise<Counts>): Promise<Counts> {
  const rows: { queue_uuid: Buffer }[] = await knex('queues').select('queue_uuid').orderBy('queue_uuid');
  let [removed, held] = [0, 0];
  for (const { queue_uuid: uuid } of rows) {
    const counts = await work(uuidText(uuid));
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
