import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** Length of a window. The smallest reading of the present and of the last window counts. */
const SPAN: Micros = 60 * MICROS_PER_SECOND;

/** Seconds. Smaller differences come from the time that messages travel. */
const STEP = 2;
const STEP_SPAN: Micros = 3 * MICROS_PER_SECOND;

/**
 * How far this server's clock is ahead of the partner's. Each message has the time at which it was sent. Its travel time makes the
 * difference look larger, so the smallest reading of the last one or two minutes is the best.
 */
export class ClockDifference {
  #current: number | null = null;
  #previous: number | null = null;
  #until: Micros = 0;
  /** An unbroken series of readings that are larger than what was measured. */
  #larger: { readonly since: Micros; readonly least: number } | null = null;
  readonly #assumed: number;

  /** @param assumed difference until the first reading, in seconds */
  constructor(assumed: number) {
    this.#assumed = assumed;
  }

  /** A reading, in seconds. */
  note(ahead: number, steady: Micros): void {
    if (this.#isStep(ahead, steady)) {
      this.#current = this.#larger!.least;
      this.#previous = null;
      this.#larger = null;
    } else if (steady >= this.#until) {
      this.#previous = this.#current;
      this.#current = ahead;
      this.#until = steady + SPAN;
    } else this.#current = Math.min(this.#current ?? ahead, ahead);
  }

  /**
   * True if the readings have been larger for so long that a clock must have been set. Delayed messages arrive all at once, and the next
   * one is in time again.
   */
  #isStep(ahead: number, steady: Micros): boolean {
    if (this.measured === null || ahead <= this.measured + STEP) {
      this.#larger = null;
      return false;
    }
    this.#larger = { since: this.#larger?.since ?? steady, least: Math.min(this.#larger?.least ?? ahead, ahead) };
    return steady - this.#larger.since >= STEP_SPAN;
  }

  /** Forgets all readings. */
  forget(): void {
    this.#current = null;
    this.#previous = null;
    this.#larger = null;
    this.#until = 0;
  }

  /** Seconds, null before the first reading. */
  get measured(): number | null {
    if (this.#current === null || this.#previous === null) return this.#current;
    return Math.min(this.#current, this.#previous);
  }

  /** Seconds, positive if this clock is ahead. */
  get ahead(): number {
    return this.measured ?? this.#assumed;
  }
}
