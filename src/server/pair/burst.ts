import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

const WINDOW: Micros = 10 * MICROS_PER_SECOND;
/** More than two servers log from their start to normal operation. */
const MOST = 20;

/** Lets an ordinary number of messages pass, and suppresses the flood that a faulty partner can make of them. */
export class Burst {
  readonly #windows = new Map<string, { until: Micros; count: number }>();

  /** False if there were too many of this kind in the last seconds. `now`: steady time. */
  passes(kind: string, now: Micros): boolean {
    const last = this.#windows.get(kind);
    const window = last && now < last.until ? last : { until: now + WINDOW, count: 0 };
    window.count += 1;
    this.#windows.set(kind, window);
    return window.count <= MOST;
  }
}
