import type { Clock, Micros } from '../../base/time.js';

/** Read datagrams for this long before deciding: the intake is fair, a socket is not. */
const GATHER: Micros = 20_000;

/**
 * Decides when a batch runs: once in each turn of the event loop while requests wait, but first the sockets are emptied for at most
 * 20 ms.
 */
export class BatchScheduler {
  readonly #clock: Clock;
  readonly #runBatch: () => void;
  readonly #hasMore: () => boolean;
  #isScheduled = false;
  /** Datagrams read in this turn of the event loop. */
  #arrived = 0;
  /** A socket brought as many as one round reads, so that more may wait in it. */
  #socketHasMore = false;
  /** When reading without a batch began, on the monotonic clock. */
  #gatheringSince: Micros | undefined;

  /** @param hasMore true if requests wait after a batch */
  constructor(clock: Clock, runBatch: () => void, hasMore: () => boolean) {
    this.#clock = clock;
    this.#runBatch = runBatch;
    this.#hasMore = hasMore;
  }

  /** A datagram arrived. @param roundLimit datagrams that one round of its socket reads at most */
  arrived(roundLimit: number): void {
    this.#arrived += 1;
    if (this.#arrived >= roundLimit) this.#socketHasMore = true;
    this.request();
  }

  /** Makes a batch run soon. */
  request(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const now = this.#clock.monotonic();
    this.#gatheringSince ??= now;
    if (!this.#socketHasMore || now - this.#gatheringSince >= GATHER) {
      this.#gatheringSince = undefined;
      this.#runBatch();
    }
    this.#arrived = 0;
    this.#socketHasMore = false;
    if (this.#hasMore()) this.request();
  }
}
