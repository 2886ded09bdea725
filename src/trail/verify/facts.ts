import { UsageError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import type { Removal } from '../../ledger/proof/removal.js';
import type { TrailConnection } from '../store/database.js';
import { eventHash, firstSequenceAt } from '../store/event-table.js';
import { firstCheckpointAt } from '../store/proof-rows.js';
import { queuesWithRecords, readQueueHeads } from '../store/queue-table.js';
import { readRemovals } from '../store/removal-rows.js';
import type { Known } from './pins.js';
import type { QueueFacts } from './queue-walk.js';

/** The part of a trail to verify. */
export interface Scope {
  /** Name of the only server; undefined: all. */
  readonly server?: string | undefined;
  /** Events from this time on; undefined: from the first. */
  readonly from?: Micros | undefined;
  /** Events before this time, and on to the next checkpoint; undefined: to the last. */
  readonly to?: Micros | undefined;
}

/** What is known of queues from outside of the trail. */
export type Outside = ReadonlyMap<string, Known>;

const NOTHING: Known = { pins: [], last: null };

/**
 * Every queue in the scope that the trail or a pin names, with what is known before its events are read. Throws UsageError if the
 * scope's server has none.
 */
export async function readFacts(db: TrailConnection, scope: Scope, outside: Outside): Promise<QueueFacts[]> {
  const heads = await readQueueHeads(db);
  const names = new Set([...heads.keys(), ...outside.keys(), ...(await queuesWithRecords(db))]);
  const facts: QueueFacts[] = [];
  for (const queue of [...names].sort()) {
    const head = heads.get(queue) ?? null;
    // The server of a queue without a row in table queues is not known.
    if (scope.server !== undefined && head?.server !== scope.server) continue;
    const removals = await readRemovals(db, queue);
    const span = await spanOf(db, queue, scope, removals);
    facts.push({ queue, server: head?.server ?? '-', head, removals, known: outside.get(queue) ?? NOTHING, ...span });
  }
  // "Nothing to check" must not look like "nothing wrong".
  if (scope.server !== undefined && facts.length === 0) {
    const servers = [...new Set([...heads.values()].map(({ server }) => server))].sort();
    throw new UsageError(`The trail has no queue of server "${scope.server}"`, {
      hint: servers.length > 0 ? `it has queues of ${servers.join(', ')}` : 'nothing was shipped to it yet',
    });
  }
  return facts;
}

async function spanOf(
  db: TrailConnection,
  queue: string,
  { from, to }: Scope,
  removals: readonly Removal[],
): Promise<Pick<QueueFacts, 'start' | 'startHash' | 'end'>> {
  const start = from === undefined ? 0 : (await firstSequenceAt(db, queue, from)) - 1;
  const end = to === undefined ? null : await firstCheckpointAt(db, queue, to);
  return { start, startHash: await hashOf(db, queue, start, removals), end: end ?? Number.MAX_SAFE_INTEGER };
}

async function hashOf(
  db: TrailConnection,
  queue: string,
  sequence: number,
  removals: readonly Removal[],
): Promise<Uint8Array | null> {
  if (sequence <= 0) return null;
  const removal = removals.find((one) => one.to === sequence);
  if (removal) return removal.hashAfter;
  return await eventHash(db, queue, sequence);
}
