import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** A smallest reading is kept this long, and as long again. */
const SPAN: Micros = 60 * MICROS_PER_SECOND;

/** Seconds; smaller differences come of the way. */
const STEP = 2;
const STEP_SPAN: Micros = 3 * MICROS_PER_SECOND;

/**
 * How far this server's clock is ahead of the partner's. Each message tells when it was sent; what it took on its way makes the difference
 * look larger, so the smallest reading of the last minute or two is the best.
 */
export class ClockDifference {
  #current: number | null = null;
  #previous: number | null = null;
  #until: Micros = 0;
  /** Readings that are larger than what was measured, without one between that is not. */
  #larger: { readonly since: Micros; readonly least: number } | null = null;
  readonly #assumed: number;

  /** @param assumed what holds until the first reading, in seconds */
  constructor(assumed: number) {
    this.#assumed = assumed;
  }

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
   * True if the readings have been larger for so long that a clock was set: messages that were held up come all at once, and the one that
   * follows them is in time again.
   */
  #isStep(ahead: number, steady: Micros): boolean {
    if (this.measured === null || ahead <= this.measured + STEP) {
      this.#larger = null;
      return false;
    }
    this.#larger = { since: this.#larger?.since ?? steady, least: Math.min(this.#larger?.least ?? ahead, ahead) };
    return steady - this.#larger.since >= STEP_SPAN;
  }

  /** What was read is worth nothing any more. */
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
