import type { Knex } from 'knex';
import { type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import { type EventKey, openingKey, type Sighting } from '../sightings/rules.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Row } from './event-table.js';
import { rowToSighting, SIGHTING_COLUMNS, type SightingRow } from './sighting-rows.js';
import { chunks, LIST_LENGTH } from './sql.js';

/** The event that opened a sighting, which names it. */
type Opening = Pick<EventKey, 'queue' | 'sequence'>;

/** How a sighting ends: by an event (`ended_at`), or when its lease ran out and no event said so (`lease_until`). */
export type Ending = 'ended_at' | 'lease_until';

/** Up to `limit` rows of sightings that events of a queue opened, after this sequence, in order. The values are as they are stored. */
export async function sightingRowPage(
  db: TrailConnection,
  queue: string,
  after: number,
  limit: number,
): Promise<Row[]> {
  return await knexOf(db)('sightings')
    .select(SIGHTING_COLUMNS as unknown as string[])
    .where('opened_queue', uuidBytes(queue))
    .where('opened_sequence', '>', after)
    .orderBy('opened_sequence')
    .limit(limit);
}

/** The rows of the sightings that these events opened, in no order. Up to {@link LIST_LENGTH} events. */
export async function sightingRows(db: TrailConnection, openings: readonly Opening[]): Promise<SightingRow[]> {
  return await knexOf(db)('sightings')
    .select(SIGHTING_COLUMNS as unknown as string[])
    .whereIn(['opened_queue', 'opened_sequence'], openings.map(keyOf));
}

/** The sightings that these events opened, by `queue/sequence`. */
export async function readSightings(db: TrailConnection, openings: readonly Opening[]): Promise<Map<string, Sighting>> {
  const found = new Map<string, Sighting>();
  for (const part of chunks(openings, LIST_LENGTH)) {
    for (const row of await sightingRows(db, part)) {
      const sighting = rowToSighting(row);
      found.set(`${sighting.openedQueue}/${sighting.openedSequence}`, sighting);
    }
  }
  return found;
}

/** The first `limit` sightings of an address that held at any moment of [at, until), in the order of time. */
export async function sightingsWithin(
  db: TrailConnection,
  ip: string,
  at: Micros,
  until: Micros,
  limit: number,
): Promise<Sighting[]> {
  const rows = await knexOf(db)('sightings')
    .select(SIGHTING_COLUMNS as unknown as string[])
    .where('ip', ip)
    .where('first_seen', '<', toSqlTime(until))
    .where('lease_until', '>', toSqlTime(at))
    .where((open) => open.whereNull('ended_at').orWhere('ended_at', '>', toSqlTime(at)))
    .orderBy('first_seen')
    .limit(limit);
  return rows.map(rowToSighting);
}

/** The opening events of the address's sightings from this time on. */
export async function openingsFrom(db: TrailConnection, ip: string, from: Micros): Promise<EventKey[]> {
  const rows = await knexOf(db)('sightings')
    .select(SIGHTING_COLUMNS)
    .where('ip', ip)
    .where('first_seen', '>=', toSqlTime(from));
  return rows.map((row) => openingKey(rowToSighting(row)));
}

/** Up to `limit` sightings that ended in this way before this time, after the one given (null: from the first). */
export async function endedPage(
  db: TrailConnection,
  ending: Ending,
  before: Micros,
  after: Sighting | null,
  limit: number,
): Promise<Sighting[]> {
  const query = knexOf(db)('sightings').select(SIGHTING_COLUMNS).where(ending, '<', toSqlTime(before)).limit(limit);
  // The order of index sightings_ended_at, which has the primary key behind its column
  if (ending === 'lease_until') query.whereNull('ended_at').orderBy(['opened_queue', 'opened_sequence']);
  else query.orderBy(['ended_at', 'opened_queue', 'opened_sequence']);
  if (after !== null) startAfter(query, after);
  return (await query).map(rowToSighting);
}

/** Deletes the sightings that these events opened. Up to {@link LIST_LENGTH} of them keep the statement short. */
export async function deleteSightings(db: TrailConnection, openings: readonly Opening[]): Promise<void> {
  await knexOf(db)('sightings').whereIn(['opened_queue', 'opened_sequence'], openings.map(keyOf)).delete();
}

function keyOf({ queue, sequence }: Opening): [Buffer, number] {
  return [uuidBytes(queue), sequence];
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
