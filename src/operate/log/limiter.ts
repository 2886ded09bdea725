import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** After a message passed, later ones with its id are suppressed for this long. */
export const LIMIT_WINDOW: Micros = 10 * MICROS_PER_SECOND;

interface Window {
  until: Micros;
  suppressed: number;
}

/** Lets the first message of each id pass in a window, and counts the others. Times are those of a clock that never steps. */
export class Limiter {
  readonly #windows = new Map<string, Window>();

  /** If this message passes: how many were suppressed since the last one that passed. Undefined if this one is suppressed. */
  pass(id: string, now: Micros): number | undefined {
    const window = this.#windows.get(id);
    if (window && now < window.until) {
      window.suppressed += 1;
      return undefined;
    }
    this.#windows.set(id, { until: now + LIMIT_WINDOW, suppressed: 0 });
    return window?.suppressed ?? 0;
  }

  /** As {@link drain}, for the windows that are over. A reported id begins a new window. */
  due(now: Micros): [string, number][] {
    const untold = [...this.#windows].filter(([, { until, suppressed }]) => suppressed > 0 && until <= now);
    for (const [id] of untold) this.#windows.set(id, { until: now + LIMIT_WINDOW, suppressed: 0 });
    return untold.map(([id, { suppressed }]) => [id, suppressed]);
  }

  /** True if suppressed messages are not reported yet. */
  get hasSuppressed(): boolean {
    return [...this.#windows.values()].some(({ suppressed }) => suppressed > 0);
  }

  /** The ids with suppressed messages that are not reported yet, each with their number. Counts as reporting them. */
  drain(): [string, number][] {
    const untold = [...this.#windows].filter(([, window]) => window.suppressed > 0);
    this.#windows.clear();
    return untold.map(([id, window]) => [id, window.suppressed]);
  }
}
