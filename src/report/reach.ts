import type { Knex } from 'knex';
import type { Micros } from '../base/time.js';
import { requiredTime, type SqlRow } from './rows.js';

/** From when to when the trail has events of one server. */
export interface Reach {
  readonly server: string;
  readonly first: Micros;
  readonly last: Micros;
}

/** How far the evidence of each server reaches, sorted by name: from its first event that is kept to its last one shipped. */
export async function readReach(db: Knex): Promise<Reach[]> {
  const reaches = new Map<string, Reach>();
  for (const queue of (await db('queues').select('queue_uuid', 'server', 'last_at')) as SqlRow[]) {
    const oldest = await db('events').where('queue_uuid', queue.queue_uuid).orderBy('sequence').first('at');
    const last = requiredTime(queue.last_at);
    const first = oldest ? requiredTime(oldest.at) : last;
    const server = queue.server as string;
    const known = reaches.get(server);
    reaches.set(server, {
      server,
      first: Math.min(first, known?.first ?? first),
      last: Math.max(last, known?.last ?? last),
    });
  }
  return [...reaches.values()].sort((a, b) => (a.server < b.server ? -1 : 1));
}
