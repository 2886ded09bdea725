import { type Clock, MICROS_PER_SECOND, type Micros } from '../base/time.js';

/** Corrections below this are the daily work of NTP. */
const STEP: Micros = 1 * MICROS_PER_SECOND;

/** A jump of the wall clock: what it showed before, and what it showed then. */
export interface ClockStep {
  expected: Micros;
  found: Micros;
}

/** Notices steps of the wall clock by a clock that never steps. */
export class ClockWatch {
  readonly #clock: Clock;
  #wall: Micros;
  #monotonic: Micros;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** The step since the last look, if there was one. */
  look(): ClockStep | undefined {
    const found = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const expected = Math.round(this.#wall + (monotonic - this.#monotonic));
    this.#wall = found;
    this.#monotonic = monotonic;
    return Math.abs(found - expected) >= STEP ? { expected, found } : undefined;
  }
}
