import type { Micros } from '../../base/time.js';
import type { Baseline } from '../../ledger/proof/baseline.js';
import { observe, openingKey, type Sighting } from '../sightings/rules.js';
import { openAtBaseline } from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import { eventsFrom } from '../store/event-table.js';
import { baselineKey } from '../store/refold.js';
import { sightingToRow } from '../store/sighting-rows.js';
import { readSightings } from '../store/sighting-table.js';
import { RetainRefusedError } from './errors.js';

/**
 * The sighting of an address that is open after all events before `before`, null if none is. Throws RetainRefusedError if the stored
 * sightings that ended by then do not follow from the events.
 */
export async function provenState(
  db: TrailConnection,
  ip: string,
  current: Baseline | null,
  before: Micros,
): Promise<Sighting | null> {
  const closed: Sighting[] = [];
  let open = current && (await openAtBaseline(db, current, ip));
  for await (const event of eventsFrom(db, ip, baselineKey(current))) {
    if (event.at >= before) break;
    const step = observe(open, event);
    if (step.ended) closed.push(step.ended);
    open = step.open;
  }
  await compareWithTrail(db, closed);
  return open;
}

async function compareWithTrail(db: TrailConnection, closed: readonly Sighting[]): Promise<void> {
  const stored = await readSightings(db, closed.map(openingKey));
  for (const sighting of closed) {
    const { openedQueue, openedSequence, ip } = sighting;
    const found = stored.get(`${openedQueue}/${openedSequence}`);
    if (found && textOf(found) === textOf(sighting)) continue;
    throw new RetainRefusedError(
      `The sighting of ${ip} that event ${openedSequence} of queue ${openedQueue} opened is not what the events say`,
    );
  }
}

function textOf(sighting: Sighting): string {
  return JSON.stringify(sightingToRow(sighting));
}
