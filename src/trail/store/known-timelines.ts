import type { Micros } from '../../base/time.js';
import type { Sighting } from './sightings.js';

/** What new events of an address meet in the trail, if they come after all that it has. */
export interface TimelineEnd {
  /** When the last event happened; null if there is none, or if it is only known to come before the new events. */
  readonly latest: Micros | null;
  /** The sighting that it left open. */
  readonly open: Sighting | null;
}

/** Some 100 MB at most. */
const MOST_KNOWN = 100_000;

/**
 * How the timelines end that this writer wrote last, so that it need not ask again while nobody else writes. Good for the
 * turn after its own, and no other.
 */
export class KnownTimelines {
  readonly #ends = new Map<string, TimelineEnd>();
  #turn: number | undefined;

  /** Forgets all unless the writer's turn before this one was the last that anybody took. */
  begin(turn: number): void {
    if (this.#turn === undefined || turn !== this.#turn + 1) this.#ends.clear();
  }

  get(ip: string): TimelineEnd | undefined {
    return this.#ends.get(ip);
  }

  /** To be called once a turn is committed: how the timelines that it touched end now, undefined where it does not know. */
  keep(turn: number, ends: Iterable<readonly [ip: string, end: TimelineEnd | undefined]>): void {
    this.#turn = turn;
    for (const [ip, end] of ends) {
      if (end === undefined) this.#ends.delete(ip);
      else this.#ends.set(ip, end);
    }
    if (this.#ends.size > MOST_KNOWN) this.#ends.clear();
  }
}
