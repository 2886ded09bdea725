import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** After a message that passed, others of its id are held back for this long. */
export const LIMIT_WINDOW: Micros = 10 * MICROS_PER_SECOND;

interface Window {
  until: Micros;
  suppressed: number;
}

/** Lets the first of each id in a window pass and counts the others. Times are of a clock that never steps. */
export class Limiter {
  readonly #windows = new Map<string, Window>();

  /** How many were held back since the last that passed, if this one passes; undefined if it is held back itself. */
  pass(id: string, now: Micros): number | undefined {
    const window = this.#windows.get(id);
    if (window && now < window.until) {
      window.suppressed += 1;
      return undefined;
    }
    this.#windows.set(id, { until: now + LIMIT_WINDOW, suppressed: 0 });
    return window?.suppressed ?? 0;
  }

  /** As {@link drain}, of the windows that are over by now: what is told so begins one. */
  due(now: Micros): [string, number][] {
    const untold = [...this.#windows].filter(([, { until, suppressed }]) => suppressed > 0 && until <= now);
    for (const [id] of untold) this.#windows.set(id, { until: now + LIMIT_WINDOW, suppressed: 0 });
    return untold.map(([id, { suppressed }]) => [id, suppressed]);
  }

  /** True if anything was held back and not told yet. */
  get holds(): boolean {
    return [...this.#windows.values()].some(({ suppressed }) => suppressed > 0);
  }

  /** The ids with messages that were held back and not told yet, each with their number; they count as told then. */
  drain(): [string, number][] {
    const untold = [...this.#windows].filter(([, window]) => window.suppressed > 0);
    this.#windows.clear();
    return untold.map(([id, window]) => [id, window.suppressed]);
  }
}
