import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** On a new connection, what was pending waits until the partner has told what is new there: so long, */
const TURN: Micros = 3 * MICROS_PER_SECOND;
/** and until none has come for this long, */
const QUIET: Micros = 1 * MICROS_PER_SECOND;
/** but no longer than this. */
const PATIENCE: Micros = 60 * MICROS_PER_SECOND;

/** Tells when a partner has had the time to tell of the leases that it gave out of contact. All times are steady ones. */
export class Settling {
  #since: Micros = 0;
  #lastUpdate: Micros = 0;

  /** When an update of the partner came last; 0 if never. */
  get lastUpdate(): Micros {
    return this.#lastUpdate;
  }

  /** A connection stands, or was lost. */
  restart(now: Micros): void {
    this.#since = now;
  }

  /** An update of the partner came. */
  note(now: Micros): void {
    this.#lastUpdate = now;
  }

  isOver(now: Micros): boolean {
    const elapsed = now - this.#since;
    return elapsed >= TURN && (now - this.#lastUpdate >= QUIET || elapsed >= PATIENCE);
  }
}
