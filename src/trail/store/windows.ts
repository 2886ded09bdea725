import { toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import type { Baseline } from '../../ledger/proof/baseline.js';
import type { TimelineEnd } from '../sightings/known-timelines.js';
import { compareKeys, type EventKey, type Observation, openingKey, type Sighting } from '../sightings/rules.js';
import type { Window } from '../sightings/splice.js';
import type { TrailConnection } from './database.js';
import { rowToEvent } from './event-rows.js';
import { rowToSighting, SIGHTING_COLUMNS, type SightingRow } from './sighting-rows.js';
import { type Selection, selectEach } from './sql.js';

/** The columns that an Observation is made of. */
const OBSERVED =
  'queue_uuid, sequence, at, kind, server, ip, htype, mac, client_id, hostname, giaddr, circuit_id, remote_id, relay_id, evidence, lease_end';
/** How many events are read before and after the first new one. */
export interface Reach {
  readonly earlier: number;
  /** Besides as many as there are new ones. */
  readonly later: number;
}

/** Nearly all events are grants, and one grant on each side is enough. */
export const NEAR: Reach = { earlier: 1, later: 2 };
/** Several late events of an address, with events of others between them. */
export const MIDDLE: Reach = { earlier: 4, later: 30 };
export const FAR: Reach = { earlier: 20, later: 100 };

type Order = 'ASC' | 'DESC';
const ASCENDING = { comparison: '>=', order: 'ASC' } as const;
const DESCENDING = { comparison: '<=', order: 'DESC' } as const;

/**
 * Reads the window of each address around its new events (in order), which must not be in the trail yet.
 * @param ends how the timelines end without the new events, by address
 */
export async function readWindows(
  db: TrailConnection,
  timelines: ReadonlyMap<string, readonly Observation[]>,
  ends: ReadonlyMap<string, TimelineEnd>,
  reach: Reach,
): Promise<Map<string, Window>> {
  const before = await sightingsBefore(db, timelines, ends);
  const around = new Map<string, Around>([...timelines.keys()].map((ip) => [ip, { DESC: [], ASC: [] }]));
  const selections = [...timelines].flatMap(([ip, added]) => eventsAround(ip, added, reach));
  for (const row of await selectEach(db, selections)) {
    around.get(row.ip as string)![row.side as Order].push(rowToEvent(row));
  }
  return new Map([...timelines].map(([ip, added]) => [ip, windowOf(before.get(ip), around.get(ip)!, added, reach)]));
}

/** The window without its part before the baseline, where retention removed events. */
export function cutWindow(window: Window, baseline: Baseline | null): Window {
  if (baseline === null) return window;
  return { ...window, earlier: window.earlier.filter((event) => event.at >= baseline.before), fromStart: false };
}

/** The events on both sides of the first new one; events of the same time are in both. */
type Around = Record<Order, Observation[]>;

function windowOf(
  before: Sighting | undefined,
  { DESC, ASC }: Around,
  added: readonly Observation[],
  reach: Reach,
): Window {
  return {
    before: before ?? null,
    earlier: DESC.filter((event) => compareKeys(event, added[0]!) < 0).sort(compareKeys),
    later: ASC.filter((event) => compareKeys(event, added[0]!) > 0).sort(compareKeys),
    fromStart: DESC.length < reach.earlier,
    toEnd: ASC.length < laterLimit(added, reach),
  };
}

function laterLimit(added: readonly Observation[], reach: Reach): number {
  return added.length + reach.later;
}

/** The sighting of each address that opened last before the first new event. */
async function sightingsBefore(
  db: TrailConnection,
  timelines: ReadonlyMap<string, readonly Observation[]>,
  ends: ReadonlyMap<string, TimelineEnd>,
): Promise<Map<string, Sighting>> {
  const before = new Map<string, Sighting>();
  const asked: Selection[] = [];
  for (const [ip, [first]] of timelines) {
    const last = ends.get(ip)?.open;
    if (last && compareKeys(openingKey(last), first!) < 0) before.set(ip, last);
    else asked.push(sightingBefore(ip, first!));
  }
  for (const row of await selectEach(db, asked)) before.set(row.ip as string, rowToSighting(row as SightingRow));
  return before;
}

/** The sighting of the address that opened last before the event. */
export function sightingBefore(ip: string, event: EventKey): Selection {
  const at = toSqlTime(event.at);
  const uuid = uuidBytes(event.queue);
  return {
    sql: `SELECT ${SIGHTING_COLUMNS.join(', ')} FROM sightings WHERE ip = ? AND first_seen <= ?
      AND (first_seen < ? OR opened_queue < ? OR (opened_queue = ? AND opened_sequence < ?))
      ORDER BY first_seen DESC, opened_queue DESC, opened_sequence DESC LIMIT 1`,
    values: [ip, at, at, uuid, uuid, event.sequence],
  };
}

/** Two selections; both have the events of the same time as the first new one. */
function eventsAround(ip: string, added: readonly Observation[], reach: Reach): Selection[] {
  const values = [ip, toSqlTime(added[0]!.at)];
  return [
    { sql: nearest(DESCENDING, reach.earlier), values },
    { sql: nearest(ASCENDING, laterLimit(added, reach)), values },
  ];
}

function nearest({ comparison, order }: typeof ASCENDING | typeof DESCENDING, limit: number): string {
  return `SELECT '${order}' AS side, ${OBSERVED} FROM events WHERE ip = ? AND at ${comparison} ?
    ORDER BY at ${order}, queue_uuid ${order}, sequence ${order} LIMIT ${limit}`;
}
