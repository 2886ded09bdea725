import type { Knex } from 'knex';
import type { Micros } from '../base/time.js';
import { requiredTime, type SqlRow } from './rows.js';

/** From when to when the trail has events of one server. */
export interface Reach {
  readonly server: string;
  readonly first: Micros;
  readonly last: Micros;
  /** The last event says that the server was stopped. */
  readonly isStopped: boolean;
}

/** How far the evidence of each server reaches, sorted by name: from its first event that is kept to its last one shipped. */
export async function readReach(db: Knex): Promise<Reach[]> {
  const reaches = new Map<string, Reach>();
  for (const queue of (await db('queues').select('queue_uuid', 'server', 'sequence', 'last_at')) as SqlRow[]) {
    const events = (): Knex.QueryBuilder => db('events').where('queue_uuid', queue.queue_uuid as Buffer);
    const oldest = await events().orderBy('sequence').first('at');
    const newest = await events().where('sequence', queue.sequence).first('kind');
    const last = requiredTime(queue.last_at);
    const first = oldest ? requiredTime(oldest.at) : last;
    const server = queue.server as string;
    const isStopped = newest?.kind === 'server-stopped';
    const known = reaches.get(server) ?? { server, first, last, isStopped };
    const newer = last >= known.last ? { last, isStopped } : known;
    reaches.set(server, { ...newer, server, first: Math.min(first, known.first) });
  }
  return [...reaches.values()].sort((a, b) => (a.server < b.server ? -1 : 1));
}
