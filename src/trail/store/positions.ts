import { fromSqlTime, toSqlTime } from '../../base/time.js';
import { genesisHash, uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { continues } from './chain.js';
import { knexOf, type TrailConnection } from './database.js';
import { upsertRows } from './sql.js';

/** How far a queue is in the trail. */
export interface Position {
  /** Of its last event in the trail; 0 if none. */
  readonly sequence: number;
  readonly hash: Buffer;
}

/** The state of a queue in the trail; lastAt is the time of its last event. */
export type StoredQueue = Position & { readonly lastAt: number };

/** The queue and the trail differ from this sequence on; `fault`: which of them was set back. */
export class Mismatch extends Error {
  constructor(
    readonly stored: StoredQueue | null,
    readonly sequence: number,
    readonly detail: string,
    readonly fault: 'queue' | 'trail' = 'queue',
  ) {
    super(detail);
  }
}

/** How far the queue is in the trail, null if the trail does not know it. */
export async function readQueue(db: TrailConnection, queue: string): Promise<StoredQueue | null> {
  const row = await knexOf(db)('queues').where('queue_uuid', uuidBytes(queue)).first('sequence', 'hash', 'last_at');
  return row ? { sequence: row.sequence, hash: row.hash, lastAt: fromSqlTime(row.last_at) } : null;
}

/** Notes that the queue is in the trail up to this event. */
export async function writePosition(db: TrailConnection, server: string, last: LedgerEvent): Promise<void> {
  const row = [uuidBytes(last.queue), server, last.sequence, Buffer.from(last.hash), toSqlTime(last.at)];
  await upsertRows(db, 'queues', ['queue_uuid', 'server', 'sequence', 'hash', 'last_at'], 1, [row]);
}

/** The events that the trail does not have yet. Throws Mismatch if the others are not those of the trail, or if events are missing. */
export async function newEvents<Event extends LedgerEvent>(
  db: TrailConnection,
  queue: string,
  events: readonly Event[],
  stored: StoredQueue | null,
): Promise<Event[]> {
  const position: Position = stored ?? { sequence: 0, hash: genesisHash(queue) };
  const known = events.filter((event) => event.sequence <= position.sequence);
  await compareWithStored(db, queue, known, stored);
  const fresh = events.slice(known.length);
  const [first] = fresh;
  if (first === undefined) return [];
  if (first.sequence !== position.sequence + 1) {
    const detail = `events ${position.sequence + 1} to ${first.sequence - 1} are missing`;
    throw new Mismatch(stored, position.sequence + 1, detail, 'trail');
  }
  if (!continues(first, position.sequence, position.hash)) {
    throw new Mismatch(
      stored,
      first.sequence,
      `event ${first.sequence} does not continue event ${position.sequence} of the trail`,
    );
  }
  return fresh;
}

async function compareWithStored(
  db: TrailConnection,
  queue: string,
  known: readonly LedgerEvent[],
  stored: StoredQueue | null,
): Promise<void> {
  if (known.length === 0) return;
  const rows: { sequence: number; hash: Buffer }[] = await knexOf(db)('events')
    .select('sequence', 'hash')
    .where('queue_uuid', uuidBytes(queue))
    .whereBetween('sequence', [known[0]!.sequence, known.at(-1)!.sequence]);
  const hashes = new Map(rows.map((row) => [row.sequence, row.hash]));
  for (const event of known) {
    const hash = hashes.get(event.sequence);
    if (hash !== undefined && Buffer.compare(hash, event.hash) !== 0) {
      throw new Mismatch(stored, event.sequence, `event ${event.sequence} is another one than in the trail`);
    }
  }
}
