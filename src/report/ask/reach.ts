import type { Knex } from 'knex';
import { type Micros, toSqlTime } from '../../base/time.js';
import { optionalTime, requiredTime, type SqlRow } from './rows.js';
import { type Selected, selectTogether } from './together.js';

/** Until when the trail has events of one server. */
export interface Last {
  readonly server: string;
  readonly last: Micros;
  /** The last event says that the server was stopped. Not asked for, and false, of servers whose events reach far enough. */
  readonly isStopped: boolean;
}

/** From when to when the trail has events of one server. */
export interface Reach extends Last {
  readonly first: Micros;
}

const FIRST_AT = '(SELECT e.at FROM events e WHERE e.queue_uuid = q.queue_uuid ORDER BY e.sequence LIMIT 1)';
const LAST_KIND = '(SELECT e.kind FROM events e WHERE e.queue_uuid = q.queue_uuid AND e.sequence = q.sequence)';

/** Asks for the last event of each queue, and for its kind where it lies before `end`; see {@link toLasts}. */
export function lastSelection(end: Micros): Selected {
  const columns = {
    server: 'q.server',
    last_at: 'q.last_at',
    last_kind: `CASE WHEN q.last_at < ? THEN ${LAST_KIND} END`,
  };
  return { columns, from: 'FROM queues q', values: [toSqlTime(end)] };
}

/** The last event of each server, sorted by name: of its queues the one counts that reaches furthest. */
export function toLasts(queues: readonly SqlRow[]): Last[] {
  const lasts = new Map<string, Last>();
  for (const queue of queues) {
    const server = queue.server as string;
    const last = requiredTime(queue.last_at);
    if (last >= (lasts.get(server)?.last ?? 0))
      lasts.set(server, { server, last, isStopped: queue.last_kind === 'server-stopped' });
  }
  return [...lasts.values()].sort((a, b) => (a.server < b.server ? -1 : 1));
}

/** How far the evidence of each server reaches, sorted by name: from its first event that is kept to its last one shipped. */
export async function readReaches(db: Knex): Promise<Reach[]> {
  const columns = { server: 'q.server', last_at: 'q.last_at', last_kind: LAST_KIND, first_at: FIRST_AT };
  const { queue: queues } = await selectTogether(db, { queue: { columns, from: 'FROM queues q', values: [] } });
  return toLasts(queues).map((last) => {
    const own = queues.filter(({ server }) => server === last.server);
    return { ...last, first: Math.min(...own.map((queue) => optionalTime(queue.first_at) ?? last.last)) };
  });
}
