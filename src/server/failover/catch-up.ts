import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** How long own pending updates wait on a new connection, at least, */
const MIN_WAIT: Micros = 3 * MICROS_PER_SECOND;
/** how long no update of the partner must have arrived, */
const QUIET: Micros = 1 * MICROS_PER_SECOND;
/** and how long they wait at most. */
const MAX_WAIT: Micros = 60 * MICROS_PER_SECOND;

/** Decides when the partner has had time to report the leases that it gave while there was no connection. All times are steady. */
export class CatchUp {
  #since: Micros = 0;
  #lastUpdate: Micros = 0;

  /** When the partner's last update arrived; 0 if none did. */
  get lastUpdate(): Micros {
    return this.#lastUpdate;
  }

  /** A connection was set up, or lost. */
  restart(now: Micros): void {
    this.#since = now;
  }

  /** An update of the partner arrived. */
  note(now: Micros): void {
    this.#lastUpdate = now;
  }

  isOver(now: Micros): boolean {
    const elapsed = now - this.#since;
    return elapsed >= MIN_WAIT && (now - this.#lastUpdate >= QUIET || elapsed >= MAX_WAIT);
  }
}
