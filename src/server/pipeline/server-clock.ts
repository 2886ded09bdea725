import { type Clock, MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** Corrections below this are the daily work of NTP. */
const STEP: Micros = 1 * MICROS_PER_SECOND;

/** A jump of the wall clock: what it would have shown, and what it showed. */
export interface ClockStep {
  expected: Micros;
  found: Micros;
}

/**
 * The times of a server. Events carry the wall clock, but never an earlier time than the event before (the queue sees to that). Leases,
 * offers and quarantines end by *steady* time: it follows the wall clock forward; when that steps back, it goes on by the monotonic
 * clock, so that nothing waits until the wall clock has caught up.
 */
export class ServerClock {
  readonly #clock: Clock;
  #wall: Micros;
  #monotonic: Micros;
  #steady: Micros;

  /** @param floor the last time that an earlier server on the same queue used */
  constructor(clock: Clock, floor: Micros) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#steady = Math.max(this.#wall, floor);
  }

  /** The step back that the wall clock made while no server ran; undefined if it is not below the floor. */
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
