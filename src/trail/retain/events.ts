import { toSqlTime } from '../../base/time.js';
import { decodeEvent } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { signRemoval } from '../../ledger/proof/removal.js';
import type { TrailConnection } from '../store/database.js';
import { addressPage, deleteEvents, eventPage } from '../store/event-table.js';
import { readQuarantined } from '../store/quarantine.js';
import { readRemovals, writeRemovals } from '../store/removal-rows.js';
import { inTransaction } from '../store/transaction.js';
import { lockTrail } from '../store/writer-lock.js';
import { holdsEvent, provenHolds } from './held.js';
import { BATCH, type Plan, restAfter } from './plan.js';
import { type Place, pass, type Stretch, startOf } from './stretches.js';

/** How many events of the stretch that was looked at were removed, and how many are held. */
export interface Counts {
  readonly removed: number;
  readonly held: number;
}

interface Step extends Counts {
  readonly place: Place;
  readonly done: boolean;
}

/**
 * Removes the events of a queue before the time of the plan, except held ones, a batch at a time; every batch leaves signed
 * removals in place of what it took. Throws RetainRefusedError if the events are not those that were once written.
 */
export async function removeEvents(trail: TrailConnection, queue: string, plan: Plan): Promise<Counts> {
  return await walk(queue, async (place) => {
    const began = performance.now();
    const step = await inTransaction(trail, async (db) => {
      await lockTrail(db);
      return await removeBatch(db, queue, plan, place);
    });
    await restAfter(began);
    return step;
  });
}

/** What {@link removeEvents} would do. */
export async function countEvents(db: TrailConnection, queue: string, plan: Plan): Promise<Counts> {
  return await walk(queue, async (place) => (await look(db, queue, plan, place)).step);
}

async function walk(queue: string, next: (place: Place) => Promise<Step>): Promise<Counts> {
  let place = startOf(queue);
  let [removed, held] = [0, 0];
  for (;;) {
    const step = await next(place);
    removed += step.removed;
    held += step.held;
    if (step.done) return { removed, held };
    place = step.place;
  }
}

async function removeBatch(db: TrailConnection, queue: string, plan: Plan, place: Place): Promise<Step> {
  const { step, stretches } = await look(db, queue, plan, place);
  const { at, reason, key } = plan;
  for (const { from, to } of stretches) {
    await deleteEvents(db, queue, from, to);
  }
  await writeRemovals(
    db,
    stretches.map((stretch) => signRemoval({ queue, ...stretch, at, reason }, key)),
  );
  return step;
}

/** The next batch of events: where it ends, and the stretches in it that can go. */
async function look(
  db: TrailConnection,
  queue: string,
  plan: Plan,
  start: Place,
): Promise<{ step: Step; stretches: readonly Stretch[] }> {
  const [holds, removals] = [await provenHolds(db), await readRemovals(db, queue)];
  const page = await eventsAfter(db, queue, start.sequence);
  const old = page.filter((event) => event.at < plan.before);
  const stretches = new Map<number, Stretch>();
  let place = start;
  let held = 0;
  for (const event of old) {
    const keep = holdsEvent(holds, event);
    place = pass(place, event, !keep, removals);
    if (place.stretch) stretches.set(place.stretch.from, place.stretch);
    if (keep) held += 1;
  }
  const step = { place, held, removed: old.length - held, done: old.length < BATCH };
  return { step, stretches: [...stretches.values()] };
}

/** The next events of a queue, also those that the database did not take. */
async function eventsAfter(db: TrailConnection, queue: string, sequence: number): Promise<LedgerEvent[]> {
  const aside = await readQuarantined(db, queue, sequence, BATCH);
  const events = [
    ...(await eventPage(db, queue, sequence, BATCH)),
    ...aside.map(({ encoded, hash }) => ({ ...decodeEvent(encoded), hash })),
  ];
  return events.sort((a, b) => a.sequence - b.sequence).slice(0, BATCH);
}

/** The addresses that have events of the queue in [from, to). */
export async function addressesIn(db: TrailConnection, queue: string, from: number, to: number): Promise<Set<string>> {
  const found = new Set<string>();
  let after = 0;
  for (;;) {
    const rows = await addressPage(db, queue, after, 10 * BATCH);
    const within = rows.filter((row) => row.at < toSqlTime(to));
    for (const { at, ip } of within) if (ip !== null && at >= toSqlTime(from)) found.add(ip);
    if (within.length < 10 * BATCH) return found;
    after = rows.at(-1)!.sequence;
  }
}
