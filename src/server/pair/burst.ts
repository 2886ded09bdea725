import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

const WINDOW: Micros = 10 * MICROS_PER_SECOND;
/** More than the moves of two servers from their start to normal operation. */
const LINES = 20;

/** Tells a pair's ordinary course of events, which is told in full, from the noise that a faulty partner can make of it. */
export class Burst {
  readonly #windows = new Map<string, { until: Micros; count: number }>();

  /** False if there were too many of this kind in a short time. `now` is of a clock that never steps. */
  passes(kind: string, now: Micros): boolean {
    const last = this.#windows.get(kind);
    const window = last && now < last.until ? last : { until: now + WINDOW, count: 0 };
    window.count += 1;
    this.#windows.set(kind, window);
    return window.count <= LINES;
  }
}
