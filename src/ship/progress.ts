import type { Writable } from 'node:stream';
import type { Logger } from '../log/logger.js';

/** Where progress is shown: a terminal gets one line that is written over, everything else log lines. */
export type ProgressOutput = Pick<Writable, 'write'> & { isTTY?: boolean };

/** A backlog is worth a word from this many events on. */
const BACKLOG = 5000;
/** Milliseconds between two updates. */
const TERMINAL_INTERVAL = 200;
const LOG_INTERVAL = 10_000;

/** Tells how a backlog drains: count, rate and the time it will still take. */
export class Progress {
  readonly #log: Logger;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #backlog: { since: number; shipped: number; told: number } | undefined;

  /** @param now milliseconds of a clock that never steps */
  constructor(log: Logger, output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#output = output;
    this.#now = now;
  }

  /** After each batch: how many events it had and how many are left. */
  update(shipped: number, left: number): void {
    if (!this.#backlog) {
      if (left < BACKLOG) return;
      this.#backlog = { since: this.#now(), shipped: 0, told: Number.NEGATIVE_INFINITY };
    }
    this.#backlog.shipped += shipped;
    if (left === 0) this.#end();
    else this.#tell(this.#backlog, left);
  }

  /** Takes the line off the terminal, for other words to be said. */
  interrupt(): void {
    if (this.#backlog && this.#output.isTTY) this.#output.write('\r\x1b[K');
  }

  #tell(backlog: { since: number; shipped: number; told: number }, left: number): void {
    const now = this.#now();
    const interval = this.#output.isTTY ? TERMINAL_INTERVAL : LOG_INTERVAL;
    if (now - backlog.told < interval) return;
    backlog.told = now;
    const rate = Math.round(rateOf(backlog.shipped, now - backlog.since));
    const seconds = rate > 0 ? Math.ceil(left / rate) : null;
    if (this.#output.isTTY) this.#output.write(`\r\x1b[K${progressLine(backlog.shipped, left, rate, seconds)}`);
    else this.#log.log('ship-progress', { shipped: backlog.shipped, left, rate, seconds: seconds ?? undefined });
  }

  #end(): void {
    const { shipped, since } = this.#backlog!;
    this.interrupt();
    this.#backlog = undefined;
    this.#log.log('ship-caught-up', { events: shipped, rate: Math.round(rateOf(shipped, this.#now() - since)) });
  }
}

/** `12000 of 50000 events shipped (24 %), 9800/s, 4 s left`. */
export function progressLine(shipped: number, left: number, rate: number, seconds: number | null): string {
  const total = shipped + left;
  const percent = Math.floor((100 * shipped) / total);
  const rest = seconds === null ? '' : `, ${seconds} s left`;
  return `${shipped} of ${total} events shipped (${percent} %), ${rate}/s${rest}`;
}

function rateOf(events: number, millis: number): number {
  return millis > 0 ? (1000 * events) / millis : 0;
}
