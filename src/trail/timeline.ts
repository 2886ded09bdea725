import type { Knex } from 'knex';
import { toSqlTime } from '../base/time.js';
import { uuidBytes } from '../event/encoding.js';
import { isLeaseEvent, type LedgerEvent } from '../event/event.js';
import { EVENT_COLUMNS, rowToEvent } from './event-rows.js';
import { rowToSighting, SIGHTING_COLUMNS, sightingToRow } from './sighting-rows.js';
import { compareKeys, type EventKey, observe, openingKey, type Sighting } from './sightings.js';
import { chunks, LIST_LENGTH, upsertRows } from './sql.js';

/** The new events of each address, in order. */
type Timelines = ReadonlyMap<string, readonly LedgerEvent[]>;

/** Rows of `sightings` to write and to remove, by `queue/sequence` of the opening event. */
interface Changes {
  readonly saved: Map<string, Sighting>;
  readonly removed: Map<string, EventKey>;
}

/** Events read at a time when a stretch is folded again. */
const PAGE = 256;

/** The lease events among these, by address and in the order of time. */
export function timelinesOf(events: readonly LedgerEvent[]): Timelines {
  const timelines = new Map<string, LedgerEvent[]>();
  for (const event of events) {
    if (!isLeaseEvent(event.kind) || event.address === null) continue;
    const timeline = timelines.get(event.address);
    if (timeline) timeline.push(event);
    else timelines.set(event.address, [event]);
  }
  for (const timeline of timelines.values()) timeline.sort(compareKeys);
  return timelines;
}

/**
 * The addresses that already have an event at or after the first new one, so that appending is not enough. To be asked
 * before the new events are inserted.
 */
export async function overtaken(db: Knex, timelines: Timelines): Promise<Set<string>> {
  const late = new Set<string>();
  for (const part of chunks([...timelines.keys()], LIST_LENGTH)) {
    const earliest = Math.min(...part.map((ip) => timelines.get(ip)![0]!.at));
    const rows: { ip: string; latest: string }[] = await db('events')
      .select('ip')
      .max('at as latest')
      .whereIn('ip', part)
      .where('at', '>=', toSqlTime(earliest))
      .groupBy('ip');
    for (const { ip, latest } of rows) {
      if (latest >= toSqlTime(timelines.get(ip)![0]!.at)) late.add(ip);
    }
  }
  return late;
}

/** Brings table `sightings` up to date with new events, which must be in table `events` by now. `late` is what {@link overtaken} said. */
export async function updateSightings(db: Knex, timelines: Timelines, late: ReadonlySet<string>): Promise<void> {
  const changes: Changes = { saved: new Map(), removed: new Map() };
  const current = [...timelines.keys()].filter((ip) => !late.has(ip));
  const open = await openSightings(db, current);
  for (const ip of current) extend(open.get(ip) ?? null, timelines.get(ip)!, changes);
  for (const ip of late) await refold(db, ip, timelines.get(ip)!, changes);
  await write(db, changes);
}

/** The fast path: the new events come after all that the address had. */
function extend(open: Sighting | null, events: readonly LedgerEvent[], changes: Changes): void {
  let last = open;
  for (const event of events) {
    const step = observe(last, event);
    if (step.ended) save(changes, step.ended);
    if (step.open && step.open !== last) save(changes, step.open);
    last = step.open;
  }
}

/**
 * Folds again the stretch of the address's timeline that the new events touch: from the sighting before the first of
 * them to the first event after the last of them that opens a sighting both in the old folding and in the new. From
 * there on both are the same.
 */
async function refold(db: Knex, ip: string, added: readonly LedgerEvent[], changes: Changes): Promise<void> {
  const last = added.at(-1)!;
  const start = await stretchStart(db, ip, added[0]!);
  const old = await openingsFrom(db, ip, start);
  let open: Sighting | null = null;
  let stop: EventKey | null = null;
  for await (const event of eventsFrom(db, ip, start)) {
    const step = observe(open, event);
    if (step.ended) save(changes, step.ended);
    if (step.opened && compareKeys(event, last) > 0 && old.has(nameOf(event))) {
      stop = event;
      break;
    }
    open = step.open;
  }
  if (stop === null && open !== null) save(changes, open);
  for (const [name, key] of old) {
    const within = stop === null || compareKeys(key, stop) < 0;
    if (within && !changes.saved.has(name)) changes.removed.set(name, key);
  }
}

/** Where the sighting that stood before this event opened, or the event itself if there was none. */
async function stretchStart(db: Knex, ip: string, event: EventKey): Promise<EventKey> {
  const at = toSqlTime(event.at);
  const row = await db('sightings')
    .select(SIGHTING_COLUMNS)
    .where('ip', ip)
    .where('first_seen', '<=', at)
    .where((before) =>
      before
        .where('first_seen', '<', at)
        .orWhere((same) => keyFrom(same, 'opened_queue', 'opened_sequence', '<', event)),
    )
    .orderBy([
      { column: 'first_seen', order: 'desc' },
      { column: 'opened_queue', order: 'desc' },
      { column: 'opened_sequence', order: 'desc' },
    ])
    .first();
  return row ? openingKey(rowToSighting(row)) : { at: event.at, queue: event.queue, sequence: event.sequence };
}

/** The opening events of the address's sightings from this one on, by name. */
async function openingsFrom(db: Knex, ip: string, start: EventKey): Promise<Map<string, EventKey>> {
  const rows = await db('sightings')
    .select(SIGHTING_COLUMNS)
    .where('ip', ip)
    .where('first_seen', '>=', toSqlTime(start.at));
  const keys = rows.map((row) => openingKey(rowToSighting(row)));
  return new Map(keys.filter((key) => compareKeys(key, start) >= 0).map((key) => [nameOf(key), key]));
}

async function* eventsFrom(db: Knex, ip: string, start: EventKey): AsyncGenerator<LedgerEvent> {
  let from = start;
  let comparison: '>' | '>=' = '>=';
  for (;;) {
    const rows = await eventPage(db, ip, from, comparison);
    for (const row of rows) yield rowToEvent(row);
    if (rows.length < PAGE) return;
    from = rowToEvent(rows.at(-1)!);
    comparison = '>';
  }
}

async function eventPage(
  db: Knex,
  ip: string,
  from: EventKey,
  comparison: '>' | '>=',
): Promise<Parameters<typeof rowToEvent>[0][]> {
  const at = toSqlTime(from.at);
  return await db('events')
    .select(EVENT_COLUMNS as string[])
    .where('ip', ip)
    .where('at', '>=', at)
    .where((rest) =>
      rest.where('at', '>', at).orWhere((same) => keyFrom(same, 'queue_uuid', 'sequence', comparison, from)),
    )
    .orderBy(['at', 'queue_uuid', 'sequence'])
    .limit(PAGE);
}

/** (queue, sequence) stands before or after that of the key. */
function keyFrom(
  where: Knex.QueryBuilder,
  queue: string,
  sequence: string,
  comparison: '<' | '>' | '>=',
  key: EventKey,
): void {
  const bytes = uuidBytes(key.queue);
  where
    .where(queue, comparison === '<' ? '<' : '>', bytes)
    .orWhere((same) => same.where(queue, bytes).where(sequence, comparison, key.sequence));
}

async function openSightings(db: Knex, ips: readonly string[]): Promise<Map<string, Sighting>> {
  const open = new Map<string, Sighting>();
  for (const part of chunks(ips, LIST_LENGTH)) {
    const rows = await db('sightings').select(SIGHTING_COLUMNS).whereIn('ip', part).whereNull('ended_at');
    for (const row of rows) open.set(row.ip as string, rowToSighting(row));
  }
  return open;
}

async function write(db: Knex, changes: Changes): Promise<void> {
  for (const part of chunks([...changes.removed.values()], LIST_LENGTH)) {
    const keys = part.map((key) => [uuidBytes(key.queue), key.sequence] as [Buffer, number]);
    await db('sightings').whereIn(['opened_queue', 'opened_sequence'], keys).delete();
  }
  // By key, so that InnoDB fills its pages in order.
  const saved = [...changes.saved.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  await upsertRows(
    db,
    'sightings',
    SIGHTING_COLUMNS,
    2,
    saved.map(([, sighting]) => sightingToRow(sighting)),
  );
}

function save(changes: Changes, sighting: Sighting): void {
  changes.saved.set(nameOf(openingKey(sighting)), sighting);
}

function nameOf(key: EventKey): string {
  return `${key.queue}/${key.sequence}`;
}
