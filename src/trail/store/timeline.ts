import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { isLeaseEvent, type LedgerEvent } from '../../ledger/event/event.js';
import type { Baseline } from '../../ledger/proof/baseline.js';
import type { KnownTimelines, TimelineEnd } from '../sightings/known-timelines.js';
import { compareKeys, observe, type Sighting } from '../sightings/rules.js';
import { splice, trace, wanted } from '../sightings/splice.js';
import { apply, type Changes, nameOf, save, writeChanges } from './changes.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Work } from './load.js';
import { refold } from './refold.js';
import { rowToSighting, SIGHTING_COLUMNS } from './sighting-rows.js';
import { readSightings } from './sighting-table.js';
import { chunks, LIST_LENGTH } from './sql.js';
import { cutWindow, FAR, MIDDLE, NEAR, type Reach, readWindows } from './windows.js';

/** Addresses between two pauses. */
const PORTION = 500;

/** Addresses whose late events are merged at once. */
const LATE_PORTION = 250;

/** The new events of each address, in order. */
type Timelines = ReadonlyMap<string, readonly LedgerEvent[]>;

/** The changes to table `sightings` by new events, as far as they are known before the events are inserted. */
export interface Preparation {
  readonly changes: Changes;
  /** New events after all others of their address, and its open sighting; for {@link extendSightings}. */
  readonly added: ReadonlyMap<string, { readonly open: Sighting | null; readonly events: readonly LedgerEvent[] }>;
  /** New events whose address must be folded again from table `events`. */
  readonly unclear: Timelines;
  /** No new event is before it. */
  readonly baseline: Baseline | null;
  /** How the timelines end with the new events; undefined where older arrivals reach further. */
  readonly ends: Map<string, TimelineEnd | undefined>;
}

/**
 * Reads what is needed to know the changes by new events. Call before they are inserted. None of them may be before the baseline.
 * @param known ends of timelines that need not be read
 */
export async function prepareSightings(
  db: TrailConnection,
  events: readonly LedgerEvent[],
  baseline: Baseline | null,
  known: Pick<KnownTimelines, 'get'>,
): Promise<Preparation> {
  const timelines = timelinesOf(events);
  const before = await timelineEnds(db, timelines, known);
  const changes: Changes = { saved: new Map(), removed: new Map() };
  const added = new Map<string, { open: Sighting | null; events: readonly LedgerEvent[] }>();
  const ends = new Map<string, TimelineEnd | undefined>();
  const late = new Map<string, readonly LedgerEvent[]>();
  for (const [ip, events] of timelines) {
    const { latest, open } = before.get(ip)!;
    ends.set(ip, undefined);
    if (latest !== null && latest >= events[0]!.at) late.set(ip, events);
    else added.set(ip, { open, events });
  }
  const unclear = new Map<string, readonly LedgerEvent[]>();
  // In portions: the windows around late events take far more memory than the events.
  for (const portion of chunks([...late], LATE_PORTION)) {
    let left: Timelines = new Map(portion);
    for (const reach of [NEAR, MIDDLE, FAR])
      left = await insert(db, { changes, unclear: left, baseline }, before, reach);
    for (const [ip, events] of left) unclear.set(ip, events);
  }
  return { changes, added, unclear, baseline, ends };
}

/** Extends sightings by the events that come after all others of their address (nearly all do). Reads nothing; works in small portions. */
export function* extendSightings({ added, changes, ends }: Preparation): Generator<void> {
  let count = 0;
  for (const [ip, { open, events }] of added) {
    ends.set(ip, { latest: events.at(-1)!.at, open: extend(open, events, changes) });
    if (++count % PORTION === 0) yield;
  }
}

/**
 * Brings table `sightings` up to date with new events. Call after they were inserted into table `events`.
 * @param meanwhile work to do while the database is busy
 */
export async function writeSightings(
  db: TrailConnection,
  { changes, unclear, baseline }: Preparation,
  meanwhile: Work,
): Promise<void> {
  for (const [ip, added] of unclear) await refold(db, ip, added, baseline, changes);
  await writeChanges(db, changes, meanwhile);
}

/** Handles new events before stored ones. Returns those for which the windows are too short. */
async function insert(
  db: TrailConnection,
  { changes, unclear: timelines, baseline }: Pick<Preparation, 'changes' | 'unclear' | 'baseline'>,
  before: ReadonlyMap<string, TimelineEnd>,
  reach: Reach,
): Promise<Timelines> {
  const windows = await readWindows(db, timelines, before, reach);
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

/** How each of these timelines ends without its new events. Call before these are inserted. */
async function timelineEnds(
  db: TrailConnection,
  timelines: Timelines,
  known: Pick<KnownTimelines, 'get'>,
): Promise<Map<string, TimelineEnd>> {
  const ends = new Map<string, TimelineEnd>();
  const asked: string[] = [];
  for (const ip of timelines.keys()) {
    const end = known.get(ip);
    if (end) ends.set(ip, end);
    else asked.push(ip);
  }
  const latest = await latestEvents(db, asked, timelines);
  const open = await openSightings(db, asked);
  for (const ip of asked) ends.set(ip, { latest: latest.get(ip) ?? null, open: open.get(ip) ?? null });
  return ends;
}

/** The time of the last event of each address, left out where it is before all new events. */
async function latestEvents(
  db: TrailConnection,
  ips: readonly string[],
  timelines: Timelines,
): Promise<Map<string, Micros>> {
  const found = new Map<string, Micros>();
  for (const part of chunks(ips, LIST_LENGTH)) {
    const earliest = Math.min(...part.map((ip) => timelines.get(ip)![0]!.at));
    const rows: { ip: string; latest: string }[] = await knexOf(db)('events')
      .select('ip')
      .max('at as latest')
      .whereIn('ip', part)
      .where('at', '>=', toSqlTime(earliest))
      .groupBy('ip');
    for (const { ip, latest } of rows) found.set(ip, fromSqlTime(latest));
  }
  return found;
}

/** Returns the sighting that the events leave open. */
function extend(open: Sighting | null, events: readonly LedgerEvent[], changes: Changes): Sighting | null {
  let last = open;
  for (const event of events) {
    const step = observe(last, event);
    if (step.ended) save(changes, step.ended);
    last = step.open;
  }
  if (last && last !== open) save(changes, last);
  return last;
}

async function openSightings(db: TrailConnection, ips: readonly string[]): Promise<Map<string, Sighting>> {
  const open = new Map<string, Sighting>();
  for (const part of chunks(ips, LIST_LENGTH)) {
    const rows = await knexOf(db)('sightings').select(SIGHTING_COLUMNS).whereIn('ip', part).whereNull('ended_at');
    for (const row of rows) open.set(row.ip as string, rowToSighting(row));
  }
  return open;
}
