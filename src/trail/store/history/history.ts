import type { Micros } from '../../../base/time.js';
import type { TrailConnection } from '../database.js';
import { type GapRow, gapsInSpan, toGapRows } from './history-gaps.js';
import { type HistoryRow, type Subject, sightingsInSpan, streamHistory, toHistoryRows } from './history-rows.js';
import { type QueueReach, reachOfTrail, removedBefore, toReach } from './reach.js';
import { type Selected, selectTogether } from './select-together.js';
import { boundsOf, type Span } from './span.js';

/** Sightings that are read into memory unless the caller sets another limit. */
const MOST_IN_MEMORY = 10_000;

/** What the trail knows of a subject in a span. */
export interface History {
  /** Oldest first. A stream can be read once, and reads the trail meanwhile. */
  readonly sightings: readonly HistoryRow[] | AsyncIterable<HistoryRow>;
  /** Those of all servers that overlap the span, oldest first. */
  readonly gaps: readonly GapRow[];
  readonly queues: readonly QueueReach[];
  /** Retention removed sightings that ended before; null if it never removed any. */
  readonly removedBefore: Micros | null;
}

/**
 * Reads everything that an answer needs in one statement. More sightings than fit into memory are left to a stream of their
 * own, which is of the moment at which its reading begins.
 * @param subject null: no sightings are asked for
 * @param now open sightings whose lease is over then are shown as ended
 * @param most sightings that are read into memory
 */
export async function readHistory(
  db: TrailConnection,
  subject: Subject | null,
  span: Span,
  now: Micros,
  most = MOST_IN_MEMORY,
): Promise<History> {
  const found = await selectTogether(db, {
    gap: gapsInSpan(span),
    reach: reachOfTrail(boundsOf(span).to ?? now),
    sighting: subject && atMost(sightingsInSpan(subject, span), most + 1),
  });
  const isMany = subject !== null && found.sighting.length > most;
  return {
    sightings: isMany ? streamHistory(db, subject, span, now) : toHistoryRows(found.sighting, now),
    gaps: toGapRows(found.gap),
    queues: toReach(found.reach),
    removedBefore: removedBefore(found.reach),
  };
}

function atMost(selected: Selected, rows: number): Selected {
  return { ...selected, from: `${selected.from} LIMIT ${rows}` };
}
