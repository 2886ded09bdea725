import { messageOf } from '../base/errors.js';
import type { Clock } from '../base/time.js';
import type { Queue } from '../ledger/queue/queue.js';
import type { Checkpoints } from './checkpoints.js';
import type { Network } from './leases/network.js';
import type { ServerLoggers } from './loggers.js';
import type { Counters } from './pipeline/counters.js';
import type { Pipeline } from './pipeline/pipeline.js';
import type { UsageWatch } from './usage.js';

/** A lease is expired at most so long after its end. */
const EXPIRE_MS = 200;
/** Often and little at a time: a long deletion would make clients wait. */
const TRIM_MS = 200;
const CHECKPOINT_MS = 1000;
/** The gap after a crash is known to within this. */
const ALIVE_MS = 5000;
const STATISTICS_MS = 60_000;

interface HousekeepingParts {
  clock: Clock;
  queue: Queue;
  pipeline: Pipeline;
  usage: UsageWatch;
  checkpoints: Checkpoints;
  networks: () => Iterable<Network>;
  counters: Counters;
  loggers: ServerLoggers;
}

/** The server's timers: end leases, delete shipped events, sign checkpoints, note that the server is up, log its counts. */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #timers: NodeJS.Timeout[] = [];
  #lastCounts = '';

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
  }

  start(): void {
    const { pipeline, usage, networks, checkpoints } = this.#parts;
    this.#every(EXPIRE_MS, () => {
      pipeline.flush();
      usage.check(networks());
    });
    this.#every(TRIM_MS, () => void this.#parts.queue.deleteShipped());
    this.#every(CHECKPOINT_MS, () => checkpoints.makeIfDue());
    this.#every(ALIVE_MS, () => this.#parts.queue.touch(this.#parts.clock.now()));
    this.#every(STATISTICS_MS, () => this.#logCounts());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** A failing task is logged and retried; it never stops the server. */
  #every(ms: number, task: () => void): void {
    const guarded = () => {
      try {
        task();
      } catch (error) {
        this.#parts.loggers.queue.limited('housekeeping-failed', { error: messageOf(error) });
      }
    };
    this.#timers.push(setInterval(guarded, ms));
  }

  #logCounts(): void {
    const { traffic, drops } = this.#parts.counters.snapshot();
    const counts = JSON.stringify({ traffic, drops });
    if (counts === this.#lastCounts) return;
    this.#lastCounts = counts;
    this.#parts.loggers.server.log('server-statistics', { ...traffic, ...drops });
  }
}
