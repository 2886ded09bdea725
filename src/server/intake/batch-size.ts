import type { Micros } from '../../base/time.js';

/** So few answers at once fit into what a relay's socket holds by default (some 200), with room for those of other servers. */
const LEAST = 64;
/** Nobody waits longer than these take. */
const MOST = 512;

/**
 * How many requests share one commit: few, so that answers leave steadily and a relay can follow, unless the disk is slow. Then each
 * commit takes so many that storing them takes no longer than deciding about them, by and large.
 */
export class BatchSize {
  #limit = LEAST;

  get limit(): number {
    return this.#limit;
  }

  /** So many requests were a batch, which took so long to be decided, and to be stored. */
  note(requests: number, deciding: Micros, storing: Micros): void {
    if (requests < this.#limit || storing < deciding) this.#limit = Math.max(this.#limit / 2, LEAST);
    else if (storing > 2 * deciding) this.#limit = Math.min(2 * this.#limit, MOST);
  }
}
