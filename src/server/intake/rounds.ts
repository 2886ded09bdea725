import type { Clock, Micros } from '../../base/time.js';

/** How long datagrams are only taken in, so that they wait here, where turns are taken, and not in the socket, where they are not. */
const GATHER: Micros = 20_000;

/** When a batch is worked off: once a turn of the event loop while something waits, unless there is more to take in first. */
export class Rounds {
  readonly #clock: Clock;
  readonly #work: () => void;
  readonly #isMore: () => boolean;
  #isScheduled = false;
  /** Datagrams of this turn of the event loop, and whether there were so many that more wait in the socket. */
  #arrived = 0;
  #moreWait = false;
  /** When gathering began, of the clock that never steps. */
  #gathering: Micros | undefined;

  /** @param work works off a batch; `isMore` says whether something waits after it */
  constructor(clock: Clock, work: () => void, isMore: () => boolean) {
    this.#clock = clock;
    this.#work = work;
    this.#isMore = isMore;
  }

  /** A datagram came in; one turn of the event loop brings `turn` of its socket at most. */
  arrived(turn: number): void {
    this.#arrived += 1;
    if (this.#arrived >= turn) this.#moreWait = true;
    this.ask();
  }

  /** Asks for a batch. */
  ask(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    const now = this.#clock.monotonic();
    this.#gathering ??= now;
    if (!this.#moreWait || now - this.#gathering >= GATHER) {
      this.#gathering = undefined;
      this.#work();
    }
    this.#arrived = 0;
    this.#moreWait = false;
    if (this.#isMore()) this.ask();
  }
}
