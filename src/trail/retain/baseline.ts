import { type Micros, toSqlTime } from '../../base/time.js';
import { type Baseline, signBaseline } from '../../ledger/proof/baseline.js';
import type { Sighting } from '../sightings/rules.js';
import {
  countOpenSightings,
  deleteOtherOpenSightings,
  digestOpenSightings,
  openSightingsAt,
  readBaseline,
  writeBaseline,
  writeOpenSightings,
} from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import { hasEventBefore } from '../store/event-table.js';
import { readPositions } from '../store/queue-table.js';
import { inTransaction } from '../store/transaction.js';
import { lockTrail } from '../store/writer-lock.js';
import { RetainRefusedError } from './errors.js';
import { addressesIn } from './events.js';
import { holdsSighting, provenHolds } from './held.js';
import { BATCH, type Plan } from './plan.js';
import { provenState } from './states.js';

/** A shipper that is far behind may append old events meanwhile; then the work starts again. */
const ATTEMPTS = 3;

/**
 * Puts a new baseline in force, so that everything before the plan's time can be removed. First compares the sightings with the
 * events before it. Throws RetainRefusedError if they differ.
 */
export async function moveBaseline(trail: TrailConnection, plan: Plan): Promise<Baseline> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const current = await readBaseline(trail);
    const positions = await readPositions(trail);
    await deleteOtherOpenSightings(trail, current);
    const problem = await writeStates(trail, current, plan, positions);
    const digest = await digestOpenSightings(trail, plan);
    const baseline = await inTransaction(trail, async (db) => {
      await lockTrail(db);
      if (!(await isUnchanged(db, current, positions, plan, digest.open))) return null;
      if (problem) throw problem;
      const { at, before, key } = plan;
      const sightingsBefore = latest(plan.sightingsBefore, current?.sightingsBefore ?? null);
      const next = signBaseline({ at, before, sightingsBefore, sightingsRemoved: 0, ...digest }, key);
      await writeBaseline(db, next);
      return next;
    });
    if (baseline) {
      await deleteOtherOpenSightings(trail, baseline);
      return baseline;
    }
  }
  throw new RetainRefusedError(`Events before ${toSqlTime(plan.before)} keep arriving, or another retention runs`);
}

function latest(a: Micros | null, b: Micros | null): Micros | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** How far each queue is in the trail. */
type Positions = ReadonlyMap<string, number>;

/** Writes the sightings that are open at the plan's time. Returns what is wrong with those that had ended by then, null if nothing is. */
async function writeStates(
  db: TrailConnection,
  current: Baseline | null,
  plan: Plan,
  positions: Positions,
): Promise<RetainRefusedError | null> {
  const holds = await provenHolds(db);
  const touched = new Set<string>();
  for (const queue of positions.keys()) {
    for (const ip of await addressesIn(db, queue, current?.before ?? 0, plan.before)) touched.add(ip);
  }
  let page: Sighting[] = [];
  const write = async (open: Sighting): Promise<void> => {
    const gone = plan.sightingsBefore !== null && open.leaseUntil < plan.sightingsBefore;
    if (gone && !holdsSighting(holds, open)) return;
    page.push(open);
    if (page.length < BATCH) return;
    await writeOpenSightings(db, plan.at, page);
    page = [];
  };
  try {
    if (current) for await (const open of openSightingsAt(db, current)) if (!touched.has(open.ip)) await write(open);
    for (const ip of touched) {
      const open = await provenState(db, ip, current, plan.before);
      if (open) await write(open);
    }
  } catch (error) {
    if (error instanceof RetainRefusedError) return error;
    throw error;
  }
  await writeOpenSightings(db, plan.at, page);
  return null;
}

/** True if the trail has no event that the written states do not include. */
async function isUnchanged(
  db: TrailConnection,
  current: Baseline | null,
  positions: Positions,
  plan: Plan,
  open: number,
): Promise<boolean> {
  if ((await readBaseline(db))?.at !== current?.at) return false;
  if ((await countOpenSightings(db, plan.at)) !== open) return false;
  for (const [queue, sequence] of await readPositions(db)) {
    const known = positions.get(queue) ?? 0;
    if (sequence === known) continue;
    if (await hasEventBefore(db, queue, known, plan.before)) return false;
  }
  return true;
}
