import type { Micros } from '../../base/time.js';
import { type Baseline, signBaseline } from '../../ledger/proof/baseline.js';
import type { Hold } from '../../ledger/proof/hold.js';
import { openingKey, type Sighting } from '../sightings/rules.js';
import { writeBaseline } from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import { deleteSightings, type Ending, endedPage } from '../store/sighting-table.js';
import { inTransaction } from '../store/transaction.js';
import { lockTrail } from '../store/writer-lock.js';
import type { Counts } from './events.js';
import { holdsSighting, provenHolds } from './held.js';
import { BATCH, type Plan, restAfter } from './plan.js';

/** Sightings that an event ended, and those whose lease ran out without an event. */
const ENDINGS: readonly Ending[] = ['ended_at', 'lease_until'];

/**
 * Removes the sightings that ended before the time of the plan, except held ones, batch by batch. The baseline counts them; it is
 * signed again with each batch.
 */
export async function removeSightings(trail: TrailConnection, baseline: Baseline, plan: Plan): Promise<Counts> {
  let record = baseline;
  return await eachBatch(plan, async (read) => {
    const began = performance.now();
    const batch = await inTransaction(trail, async (db) => {
      await lockTrail(db);
      const { page, free } = await read(db);
      await deleteSightings(db, free.map(openingKey));
      const count = record.sightingsRemoved + free.length;
      record = signBaseline({ ...record, sightingsRemoved: count }, plan.key);
      await writeBaseline(db, record);
      return { page, free };
    });
    await restAfter(began);
    return batch;
  });
}

/** Counts what {@link removeSightings} would remove. */
export async function countSightings(db: TrailConnection, plan: Plan): Promise<Counts> {
  return await eachBatch(plan, (read) => read(db));
}

interface Batch {
  /** All that ended early enough, and those of them that no hold covers. */
  readonly page: readonly Sighting[];
  readonly free: readonly Sighting[];
}

async function eachBatch(
  plan: Plan,
  take: (read: (db: TrailConnection) => Promise<Batch>) => Promise<Batch>,
): Promise<Counts> {
  const { sightingsBefore: before } = plan;
  let [removed, held] = [0, 0];
  for (const ending of before === null ? [] : ENDINGS) {
    let last: Sighting | null = null;
    do {
      const after: Sighting | null = last;
      const { page, free }: Batch = await take((db) => readBatch(db, ending, before!, after));
      removed += free.length;
      held += page.length - free.length;
      last = page.length < BATCH ? null : page.at(-1)!;
    } while (last !== null);
  }
  return { removed, held };
}

async function readBatch(db: TrailConnection, ending: Ending, before: Micros, after: Sighting | null): Promise<Batch> {
  const holds: readonly Hold[] = await provenHolds(db);
  const page = await endedPage(db, ending, before, after, BATCH);
  return { page, free: page.filter((sighting) => !holdsSighting(holds, sighting)) };
}
