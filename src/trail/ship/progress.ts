import type { Writable } from 'node:stream';
import type { Logger } from '../../operate/log/logger.js';

/** Where progress is shown: one line that is written over on a terminal, else log lines. */
export type ProgressOutput = Pick<Writable, 'write'> & { isTTY?: boolean };

/** A smaller backlog is not reported. */
const BACKLOG = 5000;
/** Milliseconds between two updates. */
const TERMINAL_INTERVAL = 200;
const LOG_INTERVAL = 10_000;

interface Backlog {
  /** When it was noticed, and how many events were shipped by then. */
  readonly since: number;
  readonly before: number;
  shipped: number;
  reported: number;
}

/** Reports how a backlog drains: events, rate and remaining time. */
export class Progress {
  readonly #log: Logger;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #backlog: Backlog | undefined;

  /** @param now milliseconds of a clock that never steps */
  constructor(log: Logger, output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#output = output;
    this.#now = now;
  }

  /** After each batch: how many events it had and how many are left. */
  update(shipped: number, left: number): void {
    const now = this.#now();
    if (this.#backlog) this.#backlog.shipped += shipped;
    else if (left < BACKLOG) return;
    // A first log line would have no rate yet; a terminal shows at once that something happens.
    else
      this.#backlog = {
        since: now,
        before: shipped,
        shipped,
        reported: this.#output.isTTY ? Number.NEGATIVE_INFINITY : now,
      };
    if (left === 0) this.#end(this.#backlog, now);
    else this.#report(this.#backlog, left, now);
  }

  /** Clears the line of the terminal before other output. */
  interrupt(): void {
    if (this.#backlog && this.#output.isTTY) this.#output.write('\r\x1b[K');
  }

  #report(backlog: Backlog, left: number, now: number): void {
    const interval = this.#output.isTTY ? TERMINAL_INTERVAL : LOG_INTERVAL;
    if (now - backlog.reported < interval) return;
    backlog.reported = now;
    const rate = rateOf(backlog, now);
    const seconds = rate > 0 ? Math.ceil(left / rate) : undefined;
    if (this.#output.isTTY) this.#output.write(`\r\x1b[K${progressLine(backlog.shipped, left, rate)}`);
    else this.#log.log('ship-progress', { shipped: backlog.shipped, left, rate, seconds });
  }

  #end(backlog: Backlog, now: number): void {
    this.interrupt();
    this.#backlog = undefined;
    this.#log.log('ship-caught-up', { events: backlog.shipped, rate: rateOf(backlog, now) });
  }
}

/** `12000 of 50000 events shipped (24 %), 9800/s, 4 s left`; without a rate there is no guess. */
export function progressLine(shipped: number, left: number, rate: number): string {
  const total = shipped + left;
  const percent = Math.floor((100 * shipped) / total);
  const rest = rate > 0 ? `, ${rate}/s, ${Math.ceil(left / rate)} s left` : '';
  return `${shipped} of ${total} events shipped (${percent} %)${rest}`;
}

/** Whole events per second since the backlog was noticed. */
function rateOf(backlog: Backlog, now: number): number {
  const millis = now - backlog.since;
  return millis > 0 ? Math.round((1000 * (backlog.shipped - backlog.before)) / millis) : 0;
}
