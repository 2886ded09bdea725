import type { Knex } from 'knex';
import { type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import { type Baseline, signBaseline } from '../../ledger/proof/baseline.js';
import type { Hold } from '../../ledger/proof/hold.js';
import { writeBaseline } from '../store/baseline-rows.js';
import { rowToSighting, SIGHTING_COLUMNS } from '../store/sighting-rows.js';
import type { Sighting } from '../store/sightings.js';
import { inTransaction, takeTurn } from '../store/turn.js';
import type { Counts } from './events.js';
import { holdsSighting, provenHolds } from './held.js';
import { BATCH, type Plan, restAfter } from './plan.js';

/** Sightings that ended by an event, and those whose lease ran out without a word. */
const ENDINGS = ['ended_at', 'lease_until'] as const;
type Ending = (typeof ENDINGS)[number];

/**
 * Removes the sightings that ended before the time of the plan, except held ones, a batch at a time; the baseline counts
 * them, signed anew with each batch.
 */
export async function removeSightings(knex: Knex, baseline: Baseline, plan: Plan): Promise<Counts> {
  let record = baseline;
  return await eachBatch(plan, async (read) => {
    const began = performance.now();
    const batch = await inTransaction(knex, async (db) => {
      await takeTurn(db);
      const { page, free } = await read(db);
      await db('sightings')
        .whereIn(
          ['opened_queue', 'opened_sequence'],
          free.map((one) => [uuidBytes(one.openedQueue), one.openedSequence] as [Buffer, number]),
        )
        .delete();
      const count = record.sightingsRemoved + free.length;
      record = signBaseline({ ...record, sightingsRemoved: count }, plan.key);
      await writeBaseline(db, record);
      return { page, free };
    });
    await restAfter(began);
    return batch;
  });
}

/** What {@link removeSightings} would do. */
export async function countSightings(knex: Knex, plan: Plan): Promise<Counts> {
  return await eachBatch(plan, (read) => read(knex));
}

interface Batch {
  /** All that ended early enough, and those of them that nobody holds. */
  readonly page: readonly Sighting[];
  readonly free: readonly Sighting[];
}

async function eachBatch(plan: Plan, take: (read: (db: Knex) => Promise<Batch>) => Promise<Batch>): Promise<Counts> {
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

async function readBatch(db: Knex, ending: Ending, before: Micros, after: Sighting | null): Promise<Batch> {
  // In the order of index sightings_ended_at, which has the key behind its column
  const query = db('sightings').select(SIGHTING_COLUMNS).where(ending, '<', toSqlTime(before)).limit(BATCH);
  if (ending === 'lease_until') query.whereNull('ended_at').orderBy(['opened_queue', 'opened_sequence']);
  else query.orderBy(['ended_at', 'opened_queue', 'opened_sequence']);
  if (after !== null) startAfter(query, after);
  const holds: readonly Hold[] = await provenHolds(db);
  const page = (await query).map(rowToSighting);
  return { page, free: page.filter((sighting) => !holdsSighting(holds, sighting)) };
}

function startAfter(query: Knex.QueryBuilder, after: Sighting): void {
  const queue = uuidBytes(after.openedQueue);
  const laterKey = (rest: Knex.QueryBuilder): void => {
    rest
      .where('opened_queue', '>', queue)
      .orWhere((same) => same.where('opened_queue', queue).where('opened_sequence', '>', after.openedSequence));
  };
  if (after.endedAt === null) query.where(laterKey);
  else {
    const ended = toSqlTime(after.endedAt);
    query.where('ended_at', '>=', ended).where((rest) => rest.where('ended_at', '>', ended).orWhere(laterKey));
  }
}
