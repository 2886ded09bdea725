import type { Micros } from '../../base/time.js';
import type { Sighting } from './rules.js';

/** The end of an address's timeline in the trail. */
export interface TimelineEnd {
  /** Time of the last event; null if there is none, or if it is only known to be before the new events. */
  readonly latest: Micros | null;
  /** The open sighting. */
  readonly open: Sighting | null;
}

/** Some 100 MB at most. */
const MOST_KNOWN = 100_000;

/**
 * Caches the ends of the timelines that this writer wrote, so that it need not read them again. Cleared when another writer has had the
 * lock.
 */
export class KnownTimelines {
  readonly #ends = new Map<string, TimelineEnd>();
  #lockNumber: number | undefined;

  /** Call with the lock taken. Forgets all if another writer took the lock since {@link remember}. */
  begin(lockNumber: number): void {
    if (this.#lockNumber === undefined || lockNumber !== this.#lockNumber + 1) this.#ends.clear();
  }

  get(ip: string): TimelineEnd | undefined {
    return this.#ends.get(ip);
  }

  /** Call after a commit: how the timelines that it touched end now, undefined where that is not known. */
  remember(lockNumber: number, ends: Iterable<readonly [ip: string, end: TimelineEnd | undefined]>): void {
    this.#lockNumber = lockNumber;
    for (const [ip, end] of ends) {
      if (end === undefined) this.#ends.delete(ip);
      else this.#ends.set(ip, end);
    }
    if (this.#ends.size > MOST_KNOWN) this.#ends.clear();
  }
}
