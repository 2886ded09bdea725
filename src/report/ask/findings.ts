import type { Knex } from 'knex';
import type { Micros } from '../../base/time.js';
import { type GapRow, gapSelection, toGapRows } from './gaps.js';
import { type HistoryRow, historySelection, toHistoryRows } from './history.js';
import { type Last, lastSelection, toLasts } from './reach.js';
import type { ReportRequest } from './request.js';
import { optionalTime } from './rows.js';
import { boundsOf } from './span.js';
import { type Selected, selectTogether } from './together.js';

/** All that the trail has to say to a question, as of one moment. */
export interface Findings {
  /** None for a question about gaps. */
  readonly history: HistoryRow[];
  /** All that lie within the time asked for. */
  readonly gaps: readonly GapRow[];
  readonly lasts: readonly Last[];
  /** Retention removed sightings that had ended before; null if it never did. */
  readonly removedBefore: Micros | null;
}

/** The baseline in force. */
const BASELINE: Selected = {
  columns: { removed_before: 'sightings_before' },
  from: 'FROM baselines ORDER BY made_at DESC LIMIT 1',
  values: [],
};

/** Asks the trail, once. */
export async function readFindings(db: Knex, { question, span, now }: ReportRequest): Promise<Findings> {
  const found = await selectTogether(db, {
    gap: gapSelection(span),
    last: lastSelection(boundsOf(span).to ?? now),
    baseline: BASELINE,
    history: question.about === 'gaps' ? null : historySelection(question, span),
  });
  return {
    history: toHistoryRows(found.history, now),
    gaps: toGapRows(found.gap),
    lasts: toLasts(found.last),
    removedBefore: optionalTime(found.baseline[0]?.removed_before),
  };
}
