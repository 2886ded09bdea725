import type { Knex } from 'knex';
import { messageOf } from '../../base/errors.js';
import { toSqlTime } from '../../base/time.js';
import { decodeEvent, uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import { EVENT_BYTE_COLUMNS, EVENT_COLUMNS, rowToEvent, type Value } from '../store/event-rows.js';
import { GAP_COLUMNS } from '../store/gap-rows.js';
import { EVENT_GAP_KINDS } from '../store/gaps.js';
import { checkpointPage } from '../store/proof-rows.js';
import { type QuarantinedEvent, readQuarantined } from '../store/quarantine.js';
import { SIGHTING_COLUMNS } from '../store/sighting-rows.js';
import { isMysql } from '../store/sql.js';
import type { ReadEvent } from './chain-walk.js';
import { Pages } from './pages.js';

export type Row = Record<string, Value>;

/** Rows read at a time. */
export const PAGE = 250;

const HASH_LENGTH = 32;
const NO_HASH = Buffer.alloc(HASH_LENGTH);

/** What a queue's events share need not be read with each of them. */
const NAMED_COLUMNS = EVENT_COLUMNS.filter((column) => column !== 'queue_uuid');

/**
 * The driver of SQLite makes a buffer with memory of its own for each value of bytes, which costs more than all the hashing. As
 * literals they come at a third of that, and still show what is no bytes.
 */
const QUOTED_COLUMNS = NAMED_COLUMNS.map((column) =>
  EVENT_BYTE_COLUMNS.includes(column) ? `quote(${column}) AS ${column}` : column,
);

/** The events of a queue after `start`, up to `end`. */
export function eventPages(db: Knex, queue: string, start: number, end: number): Pages<ReadEvent> {
  const uuid = uuidBytes(queue);
  const columns = isMysql(db) ? NAMED_COLUMNS : QUOTED_COLUMNS;
  return new Pages(async (after) => {
    const rows: Row[] = await db('events')
      .select(db.raw(columns.join(', ')))
      .where('queue_uuid', uuid)
      .where('sequence', '>', after?.sequence ?? start)
      .where('sequence', '<=', end)
      .orderBy('sequence')
      .limit(PAGE);
    if (!isMysql(db)) rows.forEach(unquote);
    for (const row of rows) row.queue_uuid = uuid;
    return rows.map(readEvent);
  }, PAGE);
}

/** The events of a queue after `start`, up to `end`, that the database would not take as rows. */
export function quarantinedPages(db: Knex, queue: string, start: number, end: number): Pages<ReadEvent> {
  return new Pages(async (after) => {
    const found = await readQuarantined(db, queue, after?.sequence ?? start, PAGE);
    return found.filter(({ sequence }) => sequence <= end).map(readAside);
  }, PAGE);
}

/** The checkpoints of a queue about the event `start` and later ones. */
export function checkpointPages(
  db: Knex,
  queue: string,
  start: number,
): Pages<Awaited<ReturnType<typeof checkpointPage>>[number]> {
  return new Pages((after) => checkpointPage(db, queue, after ?? { sequence: start, keyId: '' }, PAGE), PAGE);
}

/** The gaps that events of a queue told of. */
export function gapPages(db: Knex, queue: string): Pages<Row> {
  return rowPages(db, 'gaps', GAP_COLUMNS, 'queue_uuid', 'sequence', queue, (query) =>
    query.whereIn('kind', [...EVENT_GAP_KINDS]),
  );
}

/** The sightings that events of a queue opened, in the order of these. */
export function sightingPages(db: Knex, queue: string): Pages<Row> {
  return rowPages(db, 'sightings', SIGHTING_COLUMNS, 'opened_queue', 'opened_sequence', queue);
}

function rowPages(
  db: Knex,
  table: string,
  columns: readonly string[],
  queueColumn: string,
  sequenceColumn: string,
  queue: string,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder = (query) => query,
): Pages<Row> {
  return new Pages(
    async (after) =>
      await narrow(db(table).select(columns as string[]))
        .where(queueColumn, uuidBytes(queue))
        .where(sequenceColumn, '>', (after?.[sequenceColumn] as number | undefined) ?? -1)
        .orderBy(sequenceColumn)
        .limit(PAGE),
    PAGE,
  );
}

/** Every queue that a table names, each found by one look at its index. */
export async function queuesIn(db: Knex, table: string, column: string): Promise<string[]> {
  const found: string[] = [];
  for (let last: Buffer | null = null; ; ) {
    const query = db(table).min(`${column} as queue`);
    const row = await (last === null ? query : query.where(column, '>', last)).first();
    last = (row?.queue ?? null) as Buffer | null;
    if (last === null) return found;
    found.push(uuidText(last));
  }
}

/** Puts bytes in the place of literals such as X'C0FFEE'; any other literal stays as it is and will be refused. */
function unquote(row: Row): void {
  for (const column of EVENT_BYTE_COLUMNS) {
    const literal = row[column] as string;
    if (literal === 'NULL') row[column] = null;
    else if (literal.startsWith("X'")) row[column] = Buffer.from(literal.slice(2, -1), 'hex');
  }
}

function readEvent(row: Row): ReadEvent {
  const { sequence, hash } = row as { sequence: number; hash: Buffer };
  try {
    const event = rowToEvent(row);
    if (event.hash.length === HASH_LENGTH) return { sequence, hash, event, fault: null, encoded: null };
    return { sequence, hash: NO_HASH, event: null, encoded: null, fault: `its hash has ${event.hash.length} bytes` };
  } catch (error) {
    const isHash = Buffer.isBuffer(hash) && hash.length === HASH_LENGTH;
    return { sequence, hash: isHash ? hash : NO_HASH, event: null, encoded: null, fault: messageOf(error) };
  }
}

function readAside({ queue, sequence, hash, encoded }: QuarantinedEvent): ReadEvent {
  try {
    const event = { ...decodeEvent(encoded), hash };
    // Throws for a time that no calendar has.
    toSqlTime(event.at);
    const isNamed = event.queue === queue && event.sequence === sequence;
    if (isNamed && hash.length === HASH_LENGTH) return { sequence, hash, event, fault: null, encoded };
    return { sequence, hash: NO_HASH, event: null, fault: 'its bytes are those of another event', encoded };
  } catch (error) {
    return { sequence, hash: NO_HASH, event: null, fault: messageOf(error), encoded };
  }
}
