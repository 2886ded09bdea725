import type { Micros } from '../../base/time.js';
import type { GapRow } from '../../trail/store/history/history-gaps.js';
import type { HistoryRow } from '../../trail/store/history/history-rows.js';
import type { QueueReach } from '../../trail/store/history/reach.js';
import type { ReportRequest } from './request.js';
import type { Shape } from './shape.js';
import { CLIENT_SHAPE, type ClientRow } from './summary.js';

export type { GapRow, HistoryRow, QueueReach };

/** The rows of an answer. A stream can be read once; it is how many rows cost little memory. */
export type Rows<Row> = readonly Row[] | AsyncIterable<Row>;

/**
 * The answer of the trail to a question, before it is written in any form. The renderers of report/render write it as a
 * table, JSON, CSV or HTML.
 */
export type Answer = AnswerFrame &
  (
    | { readonly kind: 'sightings'; readonly rows: Rows<HistoryRow> }
    | { readonly kind: 'clients'; readonly rows: Rows<ClientRow> }
    | { readonly kind: 'gaps'; readonly rows: Rows<GapRow> }
  );

export interface AnswerFrame {
  /** The question as it was understood. */
  readonly request: ReportRequest;
  /** True if there are no rows. */
  readonly isEmpty: boolean;
  /** Every gap within the span, whatever the question, oldest first. */
  readonly gaps: readonly GapRow[];
  /** What a reader must know besides the rows, most important first. */
  readonly notes: readonly Note[];
  readonly reach: Reach;
}

/** A caveat. */
export interface Note {
  /** Stable: programs may rely on it. */
  readonly code: NoteCode;
  /** `result` says what was (not) found, `error` that the question names something unknown. */
  readonly severity: 'result' | 'error' | 'warning' | 'note';
  /** One sentence for people, in English; times are in the zone of the question. */
  readonly text: string;
}

export type NoteCode =
  /** Nothing was found. It never means that nobody was there. */
  | 'no-evidence'
  /** The question was about gaps, and there is none. */
  | 'no-gap'
  /** A server can prove nothing in a part of the span. */
  | 'gap'
  /** More gaps, counted. */
  | 'more-gaps'
  /** The trail knows no switch, or port, of that name. */
  | 'unknown-name'
  /** The hardware address asked about does not have the six bytes of Ethernet. */
  | 'mac-length'
  /** The trail has no events at all. */
  | 'empty-trail'
  /** The trail does not have events of a server for the whole span. */
  | 'out-of-reach'
  /** A server was stopped, and gives no evidence since. */
  | 'server-stopped'
  /** Retention removed sightings of this span. */
  | 'removed'
  /** The terminal is too narrow for all columns of the table. */
  | 'columns-left-out';

/** From when to when the trail can speak. */
export interface Reach {
  /** First event of all queues that retention has left; null if there is none. */
  readonly from: Micros | null;
  /** Last event of all queues; null if the trail has no events. */
  readonly to: Micros | null;
  /** Retention removed sightings that ended before; null if it never removed any. */
  readonly removedBefore: Micros | null;
  /** Up to which event the trail has each queue. */
  readonly queues: readonly QueueReach[];
}

export const HISTORY_SHAPE: Shape<HistoryRow> = {
  switchName: 'text',
  portName: 'text',
  remoteId: 'bytes',
  circuitId: 'bytes',
  ip: 'text',
  mac: 'text',
  clientId: 'bytes',
  hostname: 'text',
  firstSeen: 'time',
  lastSeen: 'time',
  leaseUntil: 'time',
  endedAt: 'time',
  endReason: 'text',
  evidence: 'text',
  server: 'text',
  events: 'number',
};

export const GAP_SHAPE: Shape<GapRow> = {
  server: 'text',
  kind: 'text',
  gapFrom: 'time',
  gapUntil: 'time',
  detail: 'text',
  queueUuid: 'text',
  sequence: 'number',
};

/** The columns of the rows of each kind of answer. */
export const SHAPES = { sightings: HISTORY_SHAPE, clients: CLIENT_SHAPE, gaps: GAP_SHAPE } as const;
