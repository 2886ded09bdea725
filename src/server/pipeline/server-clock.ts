import { type Clock, MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** Corrections below this are the daily work of NTP. */
const STEP: Micros = 1 * MICROS_PER_SECOND;

/** A jump of the wall clock: what it would have shown, and what it showed. */
export interface ClockStep {
  expected: Micros;
  found: Micros;
}

/**
 * The times a server goes by. Events carry the wall clock, held where that stepped back (the queue does this). Leases, offers and
 * quarantines go by *steady* time: it follows the wall clock forward, and where that steps back it goes on by the clock that
 * never steps, so that nothing waits for hours until the wall clock has caught up.
 */
export class ServerClock {
  readonly #clock: Clock;
  #wall: Micros;
  #monotonic: Micros;
  #steady: Micros;

  /** @param floor the last time that was used before, by an earlier server on the same queue */
  constructor(clock: Clock, floor: Micros) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#steady = Math.max(this.#wall, floor);
  }

  /** How the wall clock stands below the floor at the start, if it does: it stepped back while no server ran. */
  stepBefore(floor: Micros): ClockStep | undefined {
    return floor - this.#wall >= STEP ? { expected: floor, found: this.#wall } : undefined;
  }

  /** The wall clock now. */
  get wall(): Micros {
    return this.#wall;
  }

  /** Steady time now. */
  get steady(): Micros {
    return this.#steady;
  }

  /** Reads the clocks. Returns the step of the wall clock since the last reading, if there was one. */
  read(): ClockStep | undefined {
    const found = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const elapsed = Math.round(monotonic - this.#monotonic);
    const expected = this.#wall + elapsed;
    this.#wall = found;
    this.#monotonic = monotonic;
    this.#steady = Math.max(found, this.#steady + elapsed);
    return Math.abs(found - expected) >= STEP ? { expected, found } : undefined;
  }
}
