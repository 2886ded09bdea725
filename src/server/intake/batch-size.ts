import type { Micros } from '../../base/time.js';

/** A relay's socket buffers some 200 replies by default. This leaves room for those of other servers. */
const MIN = 64;
/** Bounds how long a request waits for the batch before it. */
const MAX = 512;

/**
 * How many requests share one commit. Few, so that replies leave steadily and a relay can keep up; more if the disk is slow, until
 * storing a batch takes no longer than deciding about it.
 */
export class BatchSize {
  #limit = MIN;

  get limit(): number {
    return this.#limit;
  }

  /** Adapts to the last batch: its number of requests, and the time that it took to decide about and to store them. */
  note(requests: number, deciding: Micros, storing: Micros): void {
    if (requests < this.#limit || storing < deciding) this.#limit = Math.max(this.#limit / 2, MIN);
    else if (storing > 2 * deciding) this.#limit = Math.min(2 * this.#limit, MAX);
  }
}
