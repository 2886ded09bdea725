import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Baseline } from '../../ledger/proof/baseline.js';
import { compareKeys, type EventKey, observe, openingKey, type Sighting } from '../sightings/rules.js';
import { openAtBaseline } from './baseline-rows.js';
import { type Changes, nameOf, save } from './changes.js';
import type { TrailConnection } from './database.js';
import { eventsFrom } from './event-table.js';
import { rowToSighting, type SightingRow } from './sighting-rows.js';
import { openingsFrom } from './sighting-table.js';
import { selectEach } from './sql.js';
import { sightingBefore } from './windows.js';

/** Before every queue in the order of events. */
const FIRST_QUEUE = '00000000-0000-0000-0000-000000000000';

/**
 * Recomputes the sightings of an address that new events can change: from the sighting before the first new event to where the old and
 * the new timeline meet again.
 */
export async function refold(
  db: TrailConnection,
  ip: string,
  added: readonly LedgerEvent[],
  baseline: Baseline | null,
  changes: Changes,
): Promise<void> {
  const last = added.at(-1)!;
  const { start, state } = await stretchStart(db, ip, added[0]!, baseline);
  const openings = await openingsFrom(db, ip, start.at);
  const old = new Map(openings.filter((key) => compareKeys(key, start) >= 0).map((key) => [nameOf(key), key]));
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
 * Where to begin, and the sighting that is open there: at the opening of the sighting before this event, or at the event itself if
 * there is none. If retention removed the events from there on, at the baseline.
 */
async function stretchStart(
  db: TrailConnection,
  ip: string,
  event: EventKey,
  baseline: Baseline | null,
): Promise<{ start: EventKey; state: Sighting | null }> {
  const [row] = await selectEach(db, [sightingBefore(ip, event)]);
  const start = row ? openingKey(rowToSighting(row as SightingRow)) : event;
  if (baseline === null || start.at >= baseline.before) return { start, state: null };
  return { start: baselineKey(baseline), state: await openAtBaseline(db, baseline, ip) };
}

/** Before every event that the baseline left. */
export function baselineKey(baseline: Baseline | null): EventKey {
  return { at: baseline?.before ?? 0, queue: FIRST_QUEUE, sequence: 0 };
}
