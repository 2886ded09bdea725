import type { Knex } from 'knex';
import { UsageError } from '../../base/errors.js';
import { type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import type { Removal } from '../../ledger/proof/removal.js';
import { readRemovals } from '../store/removal-rows.js';
import type { Known } from './pins.js';
import type { QueueFacts } from './queue-walk.js';
import { queuesIn } from './rows.js';

/** What of a trail is to be verified. */
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

interface Head {
  readonly server: string;
  readonly sequence: number;
  readonly hash: Buffer;
  readonly lastAt: string;
}

/**
 * Every queue that the trail or a pin names and the scope covers, with what is known of it before its events are read. Throws UsageError if the
 * scope's server has none.
 */
export async function readFacts(db: Knex, scope: Scope, outside: Outside): Promise<QueueFacts[]> {
  const heads = await readHeads(db);
  const names = new Set([...heads.keys(), ...outside.keys()]);
  for (const table of ['events', 'checkpoints', 'removals', 'quarantined']) {
    for (const queue of await queuesIn(db, table, 'queue_uuid')) names.add(queue);
  }
  const facts: QueueFacts[] = [];
  for (const queue of [...names].sort()) {
    const head = heads.get(queue) ?? null;
    // A queue that has no row of its own belongs to no server that could be asked for.
    if (scope.server !== undefined && head?.server !== scope.server) continue;
    const removals = await readRemovals(db, queue);
    const span = await spanOf(db, queue, scope, removals);
    facts.push({ queue, server: head?.server ?? '-', head, removals, known: outside.get(queue) ?? NOTHING, ...span });
  }
  // Nothing to check must not read as nothing wrong.
  if (scope.server !== undefined && facts.length === 0) {
    const servers = [...new Set([...heads.values()].map(({ server }) => server))].sort();
    throw new UsageError(`The trail has no queue of server "${scope.server}"`, {
      hint: servers.length > 0 ? `it has queues of ${servers.join(', ')}` : 'nothing was shipped to it yet',
    });
  }
  return facts;
}

async function readHeads(db: Knex): Promise<Map<string, Head>> {
  const rows = await db('queues').select('queue_uuid', 'server', 'sequence', 'hash', 'last_at');
  return new Map(
    rows.map(({ queue_uuid, server, sequence, hash, last_at }) => [
      uuidText(queue_uuid),
      { server, sequence, hash, lastAt: last_at },
    ]),
  );
}

async function spanOf(
  db: Knex,
  queue: string,
  { from, to }: Scope,
  removals: readonly Removal[],
): Promise<Pick<QueueFacts, 'start' | 'startHash' | 'end'>> {
  const start = from === undefined ? 0 : (await firstAt(db, queue, from)) - 1;
  const end = to === undefined ? Number.MAX_SAFE_INTEGER : await checkpointAt(db, queue, to);
  return { start, startHash: await hashOf(db, queue, start, removals), end };
}

/** The first sequence at or after this time, found by halving: `at` never decreases within a queue. Without any: after the last. */
async function firstAt(db: Knex, queue: string, time: Micros): Promise<number> {
  const events = (): Knex.QueryBuilder => db('events').where('queue_uuid', uuidBytes(queue));
  const last = await events().max('sequence as sequence').first();
  let [low, high] = [1, ((last?.sequence as number | null) ?? 0) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await events().where('sequence', '>=', middle).orderBy('sequence').first('sequence', 'at');
    if (!row || row.at >= toSqlTime(time)) high = middle;
    else low = (row.sequence as number) + 1;
  }
  return low;
}

/** The event of the first checkpoint at or after this time; it covers all events before it. */
async function checkpointAt(db: Knex, queue: string, time: Micros): Promise<number> {
  const row = await db('checkpoints')
    .where('queue_uuid', uuidBytes(queue))
    .where('at', '>=', toSqlTime(time))
    .min('sequence as sequence')
    .first();
  return (row?.sequence as number | null | undefined) ?? Number.MAX_SAFE_INTEGER;
}

async function hashOf(
  db: Knex,
  queue: string,
  sequence: number,
  removals: readonly Removal[],
): Promise<Uint8Array | null> {
  if (sequence <= 0) return null;
  const removal = removals.find((one) => one.to === sequence);
  if (removal) return removal.hashAfter;
  const row = await db('events')
    .where({ queue_uuid: uuidBytes(queue), sequence })
    .first('hash');
  return (row?.hash as Buffer | undefined) ?? null;
}
