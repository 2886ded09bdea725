import type { Micros } from '../../base/time.js';
import type { SigningKey } from '../../ledger/proof/key.js';

/** What one run of retention is to do. */
export interface Plan {
  /** When the run begins; names its baseline. */
  readonly at: Micros;
  /** Events before this time are removed. */
  readonly before: Micros;
  /** Sightings that ended before this time are removed; null: none. Not later than `before`. */
  readonly sightingsBefore: Micros | null;
  /** Why, for the record: `events older than 180d`. */
  readonly reason: string;
  readonly key: SigningKey;
}

/** What a run of retention did. */
export interface Outcome {
  readonly events: number;
  readonly heldEvents: number;
  readonly sightings: number;
  readonly heldSightings: number;
}

/** Rows of one transaction: few, so that a shipper waits for milliseconds only. */
export const BATCH = 1000;

/** Waits for as long as the work took (`began` in milliseconds of performance.now), so that shippers get the writer lock half of the time. */
export async function restAfter(began: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, performance.now() - began));
}
