import type { Knex } from 'knex';
import { toSqlTime } from '../base/time.js';
import { isLeaseEvent, type LedgerEvent } from '../event/event.js';
import type { Baseline } from '../proof/baseline.js';
import { apply, type Changes, nameOf, save, writeChanges } from './changes.js';
import { refold } from './refold.js';
import { rowToSighting, SIGHTING_COLUMNS } from './sighting-rows.js';
import { compareKeys, observe, type Sighting } from './sightings.js';
import { splice, trace, wanted } from './splice.js';
import { chunks, LIST_LENGTH } from './sql.js';
import { cutWindow, FAR, NEAR, type Reach, readSightings, readWindows } from './windows.js';

/** The new events of each address, in order. */
type Timelines = ReadonlyMap<string, readonly LedgerEvent[]>;

/** What new events do to table `sightings`, as far as it can be said before they are in table `events`. */
export interface Preparation {
  readonly changes: Changes;
  /** The addresses whose timeline must be folded again from the events. */
  readonly unclear: Timelines;
  /** None of the new events lies before it. */
  readonly baseline: Baseline | null;
}

/** Works out what the new events change; to be asked before they are inserted. None of them may lie before the baseline. */
export async function prepareSightings(
  db: Knex,
  events: readonly LedgerEvent[],
  baseline: Baseline | null,
): Promise<Preparation> {
  const timelines = timelinesOf(events);
  const late = await overtaken(db, timelines);
  const open = await openSightings(db, [...timelines.keys()]);
  const changes: Changes = { saved: new Map(), removed: new Map() };
  for (const [ip, added] of timelines) if (!late.has(ip)) extend(open.get(ip) ?? null, added, changes);
  let unclear: Timelines = new Map([...timelines].filter(([ip]) => late.has(ip)));
  for (const reach of [NEAR, FAR]) unclear = await insert(db, { changes, unclear, baseline }, open, reach);
  return { changes, unclear, baseline };
}

/** Brings table `sightings` up to date with new events, which must be in table `events` by now. */
export async function writeSightings(db: Knex, { changes, unclear, baseline }: Preparation): Promise<void> {
  for (const [ip, added] of unclear) await refold(db, ip, added, baseline, changes);
  await writeChanges(db, changes);
}

/** New events before others that are there already. Returns those for which the windows did not reach far enough. */
async function insert(
  db: Knex,
  { changes, unclear: timelines, baseline }: Preparation,
  open: ReadonlyMap<string, Sighting>,
  reach: Reach,
): Promise<Timelines> {
  const windows = await readWindows(db, timelines, open, reach);
  const traces = new Map(
    [...windows].map(([ip, window]) => [ip, trace(cutWindow(window, baseline), timelines.get(ip)!)]),
  );
  const keys = [...traces.values()].map((one) => one && wanted(one)).filter((key) => key !== null);
  const stored = await readSightings(db, keys);
  const unclear = new Map<string, readonly LedgerEvent[]>();
  for (const [ip, one] of traces) {
    const key = one && wanted(one);
    const result = one && splice(one, (key && stored.get(nameOf(key))) ?? null);
    if (result === null) unclear.set(ip, timelines.get(ip)!);
    else apply(changes, result);
  }
  return unclear;
}

/** The lease events among these, by address and in the order of time. */
function timelinesOf(events: readonly LedgerEvent[]): Timelines {
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
async function overtaken(db: Knex, timelines: Timelines): Promise<Set<string>> {
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

async function openSightings(db: Knex, ips: readonly string[]): Promise<Map<string, Sighting>> {
  const open = new Map<string, Sighting>();
  for (const part of chunks(ips, LIST_LENGTH)) {
    const rows = await db('sightings').select(SIGHTING_COLUMNS).whereIn('ip', part).whereNull('ended_at');
    for (const row of rows) open.set(row.ip as string, rowToSighting(row));
  }
  return open;
}
