import type { Knex } from 'knex';
import { toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Baseline } from '../../ledger/proof/baseline.js';
import { openAtBaseline } from './baseline-rows.js';
import { type Changes, nameOf, save } from './changes.js';
import { EVENT_COLUMNS, rowToEvent } from './event-rows.js';
import { rowToSighting, SIGHTING_COLUMNS, type SightingRow } from './sighting-rows.js';
import { compareKeys, type EventKey, observe, openingKey, type Sighting } from './sightings.js';
import { selectEach } from './sql.js';
import { sightingBefore } from './windows.js';

/** Events read at a time. */
const PAGE = 256;
/** No queue stands before it in the order of events. */
const FIRST_QUEUE = '00000000-0000-0000-0000-000000000000';

/**
 * Folds again the stretch of the address's timeline that the new events touch: from the sighting before the first of
 * them to the first event after the last of them that opens a sighting both in the old folding and in the new. From
 * there on both are the same.
 */
export async function refold(
  db: Knex,
  ip: string,
  added: readonly LedgerEvent[],
  baseline: Baseline | null,
  changes: Changes,
): Promise<void> {
  const last = added.at(-1)!;
  const { start, state } = await stretchStart(db, ip, added[0]!, baseline);
  const old = await openingsFrom(db, ip, start);
  let open = state;
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

/**
 * Where to begin, and what is open there: where the sighting that stood before this event opened, or the event itself if
 * there was none. Retention may have removed the events from there on; then the baseline is the beginning.
 */
async function stretchStart(
  db: Knex,
  ip: string,
  event: EventKey,
  baseline: Baseline | null,
): Promise<{ start: EventKey; state: Sighting | null }> {
  const [row] = await selectEach(db, [sightingBefore(ip, event)]);
  const start = row ? openingKey(rowToSighting(row as SightingRow)) : event;
  if (baseline === null || start.at >= baseline.before) return { start, state: null };
  return { start: baselineKey(baseline), state: await openAtBaseline(db, baseline, ip) };
}

/** Stands before every event that a baseline kept. */
export function baselineKey(baseline: Baseline | null): EventKey {
  return { at: baseline?.before ?? 0, queue: FIRST_QUEUE, sequence: 0 };
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

/** The events of an address from this one on, in order. */
export async function* eventsFrom(db: Knex, ip: string, start: EventKey): AsyncGenerator<LedgerEvent> {
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
