import { type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { EventKey } from '../sightings/rules.js';
import { knexOf, type TrailConnection } from './database.js';
import { EVENT_BYTE_COLUMNS, EVENT_COLUMNS, rowToEvent, type Value } from './event-rows.js';
import { isMysql } from './sql.js';

/** A row of any table, by column. */
export type Row = Record<string, Value>;

/** Events of an address read at a time. */
const PAGE = 256;

/** The events of a queue share these bytes; they need not be read with each of them. */
const NAMED_COLUMNS = EVENT_COLUMNS.filter((column) => column !== 'queue_uuid');

/**
 * The driver of SQLite allocates a buffer for each value of bytes, which costs more than all the hashing. As literals they cost
 * a third of that, and a value that is no bytes still shows.
 */
const QUOTED_COLUMNS = NAMED_COLUMNS.map((column) =>
  EVENT_BYTE_COLUMNS.includes(column) ? `quote(${column}) AS ${column}` : column,
);

/** Up to `limit` rows of a queue's events after one sequence and up to another, in order. The values are as they are stored. */
export async function eventRowPage(
  db: TrailConnection,
  queue: string,
  after: number,
  last: number,
  limit: number,
): Promise<Row[]> {
  const uuid = uuidBytes(queue);
  const columns = isMysql(db) ? NAMED_COLUMNS : QUOTED_COLUMNS;
  const rows: Row[] = await knexOf(db)('events')
    .select(knexOf(db).raw(columns.join(', ')))
    .where('queue_uuid', uuid)
    .where('sequence', '>', after)
    .where('sequence', '<=', last)
    .orderBy('sequence')
    .limit(limit);
  if (!isMysql(db)) rows.forEach(unquote);
  for (const row of rows) row.queue_uuid = uuid;
  return rows;
}

/** Up to `limit` events of a queue after this sequence, in order. */
export async function eventPage(
  db: TrailConnection,
  queue: string,
  after: number,
  limit: number,
): Promise<LedgerEvent[]> {
  const rows = await knexOf(db)('events')
    .select(EVENT_COLUMNS as string[])
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit);
  return rows.map(rowToEvent);
}

/** The events of an address from this one on, in the order of time, queue and sequence. */
export async function* eventsFrom(db: TrailConnection, ip: string, start: EventKey): AsyncGenerator<LedgerEvent> {
  let from = start;
  let comparison: '>' | '>=' = '>=';
  for (;;) {
    const rows = await rowsFrom(db, ip, from, comparison);
    for (const row of rows) yield rowToEvent(row);
    if (rows.length < PAGE) return;
    from = rowToEvent(rows.at(-1)!);
    comparison = '>';
  }
}

/** The first `limit` events of an address at or after this time, in the order of time, queue and sequence. */
export async function eventsOfAddress(
  db: TrailConnection,
  ip: string,
  from: Micros,
  limit: number,
): Promise<LedgerEvent[]> {
  const rows = await knexOf(db)('events')
    .select(EVENT_COLUMNS as string[])
    .where('ip', ip)
    .where('at', '>=', toSqlTime(from))
    .orderBy(['at', 'queue_uuid', 'sequence'])
    .limit(limit);
  return rows.map(rowToEvent);
}

/** Sequence, time and address of up to `limit` events of a queue after this sequence, in order. `at` is as `toSqlTime` writes it. */
export async function addressPage(
  db: TrailConnection,
  queue: string,
  after: number,
  limit: number,
): Promise<{ sequence: number; at: string; ip: string | null }[]> {
  return await knexOf(db)('events')
    .select('sequence', 'at', 'ip')
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit);
}

/** True if the queue has events after this sequence that happened before this time. */
export async function hasEventBefore(
  db: TrailConnection,
  queue: string,
  after: number,
  before: Micros,
): Promise<boolean> {
  const late = await knexOf(db)('events')
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>', after)
    .where('at', '<', toSqlTime(before))
    .first('sequence');
  return late !== undefined;
}

/** The hash of an event, null if it is not in the table. */
export async function eventHash(db: TrailConnection, queue: string, sequence: number): Promise<Buffer | null> {
  const row = await knexOf(db)('events')
    .where({ queue_uuid: uuidBytes(queue), sequence })
    .first('hash');
  return (row?.hash as Buffer | undefined) ?? null;
}

/**
 * The first sequence of a queue at or after this time; the one after its last event if there is none. Found by halving, as `at` never
 * decreases within a queue.
 */
export async function firstSequenceAt(db: TrailConnection, queue: string, time: Micros): Promise<number> {
  const events = () => knexOf(db)('events').where('queue_uuid', uuidBytes(queue));
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

/** Deletes the events of a queue from one sequence to another, both included, also quarantined ones. */
export async function deleteEvents(db: TrailConnection, queue: string, from: number, to: number): Promise<void> {
  for (const table of ['events', 'quarantined']) {
    await knexOf(db)(table).where('queue_uuid', uuidBytes(queue)).whereBetween('sequence', [from, to]).delete();
  }
}

async function rowsFrom(db: TrailConnection, ip: string, from: EventKey, comparison: '>' | '>='): Promise<Row[]> {
  const at = toSqlTime(from.at);
  const queue = uuidBytes(from.queue);
  return await knexOf(db)('events')
    .select(EVENT_COLUMNS as string[])
    .where('ip', ip)
    .where('at', '>=', at)
    .where((rest) =>
      rest
        .where('at', '>', at)
        .orWhere((sameTime) =>
          sameTime
            .where('queue_uuid', '>', queue)
            .orWhere((sameQueue) => sameQueue.where('queue_uuid', queue).where('sequence', comparison, from.sequence)),
        ),
    )
    .orderBy(['at', 'queue_uuid', 'sequence'])
    .limit(PAGE);
}

/** Puts bytes in the place of literals such as X'C0FFEE'. Any other literal stays as it is; {@link rowToEvent} refuses it. */
function unquote(row: Row): void {
  for (const column of EVENT_BYTE_COLUMNS) {
    const literal = row[column] as string;
    if (literal === 'NULL') row[column] = null;
    else if (literal.startsWith("X'")) row[column] = Buffer.from(literal.slice(2, -1), 'hex');
  }
}
