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
import { type ChainPosition, pass, type Stretch, startOf } from './stretches.js';

/** Events (or sightings) that were removed, and those that a hold kept. */
export interface Counts {
  readonly removed: number;
  readonly held: number;
}

interface Step extends Counts {
  readonly position: ChainPosition;
  readonly done: boolean;
}

/**
 * Removes the events of a queue before the time of the plan, except held ones, batch by batch. Each batch leaves signed removals
 * in place of the events. Throws RetainRefusedError if the events are not as they were committed.
 */
export async function removeEvents(trail: TrailConnection, queue: string, plan: Plan): Promise<Counts> {
  return await walk(queue, async (position) => {
    const began = performance.now();
    const step = await inTransaction(trail, async (db) => {
      await lockTrail(db);
      return await removeBatch(db, queue, plan, position);
    });
    await restAfter(began);
    return step;
  });
}

/** Counts what {@link removeEvents} would remove. */
export async function countEvents(db: TrailConnection, queue: string, plan: Plan): Promise<Counts> {
  return await walk(queue, async (position) => (await look(db, queue, plan, position)).step);
}

async function walk(queue: string, next: (position: ChainPosition) => Promise<Step>): Promise<Counts> {
  let position = startOf(queue);
  let [removed, held] = [0, 0];
  for (;;) {
    const step = await next(position);
    removed += step.removed;
    held += step.held;
    if (step.done) return { removed, held };
    position = step.position;
  }
}

async function removeBatch(db: TrailConnection, queue: string, plan: Plan, position: ChainPosition): Promise<Step> {
  const { step, stretches } = await look(db, queue, plan, position);
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

/** Reads the next batch of events: where it ends, and the stretches in it that can be removed. */
async function look(
  db: TrailConnection,
  queue: string,
  plan: Plan,
  start: ChainPosition,
): Promise<{ step: Step; stretches: readonly Stretch[] }> {
  const [holds, removals] = [await provenHolds(db), await readRemovals(db, queue)];
  const page = await eventsAfter(db, queue, start.sequence);
  const old = page.filter((event) => event.at < plan.before);
  const stretches = new Map<number, Stretch>();
  let position = start;
  let held = 0;
  for (const event of old) {
    const isHeld = holdsEvent(holds, event);
    position = pass(position, event, !isHeld, removals);
    if (position.stretch) stretches.set(position.stretch.from, position.stretch);
    if (isHeld) held += 1;
  }
  const step = { position, held, removed: old.length - held, done: old.length < BATCH };
  return { step, stretches: [...stretches.values()] };
}

/** The next events of a queue, quarantined ones included. */
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
