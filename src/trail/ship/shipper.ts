import { PortledgerError, UsageError } from '../../base/errors.js';
import type { Logger } from '../../operate/log/logger.js';
import { databaseMessage, isTransient, TrailTimeoutError } from '../store/errors.js';
import type { Work } from '../store/load.js';
import type { StepListener } from '../store/steps.js';
import type { AppendResult, Batch, Trail } from '../store/trail.js';
import { waits } from './backoff.js';
import { deliver } from './delivery.js';
import { Pause } from './pause.js';
import type { Progress } from './progress.js';
import { ReadAhead } from './read-ahead.js';
import type { ShipSource } from './source.js';
import { type ShipState, ShipStateMachine } from './state.js';

export interface ShipperOptions {
  /** The queue, null while there is none yet. */
  openQueue(): ShipSource | null;
  /** Where the queue is or will be, for the log. */
  readonly queueFile: string;
  /** A trail that is ready to be written: connected, of the right schema. */
  openTrail(): Promise<Trail>;
  /** Most events of one transaction. */
  readonly batchSize: number;
  /** Stop when everything is shipped; try a trail that is away only a few times. */
  readonly once: boolean;
  readonly log: Logger;
  readonly progress: Progress;
  /** Milliseconds between two looks at an empty queue. Default 200. */
  readonly pollMillis?: number;
  /** Milliseconds after which a transaction without an answer is given up. Default 120,000. */
  readonly appendMillis?: number;
  /** Called after each step of a batch; for the steps in between see TrailOptions. */
  readonly onStep?: StepListener<'read' | 'noted'>;
}

const POLL_MILLIS = 200;
/** Longer than the database waits for a row lock (50 s by default). */
const APPEND_MILLIS = 120_000;
/** About 4 seconds in all. */
const ATTEMPTS_ONCE = 5;
/** A queue file that the server is just creating cannot be read for a moment. */
const QUEUE_ATTEMPTS = 25;

/**
 * Drains one queue into the trail. Each batch is one transaction of the trail and is noted in the queue afterwards. After a
 * crash in between it is shipped again, and the trail skips it.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #machine = new ShipStateMachine();
  readonly #pause = new Pause();
  #waits: Generator<number>;
  #away = false;
  #shipped = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#waits = this.#newWaits();
  }

  get state(): ShipState {
    return this.#machine.state;
  }

  /** Ends {@link run} after the current batch. */
  stop(): void {
    this.#pause.stop();
  }

  /**
   * Ships until stopped (or, with `once`, until everything is shipped) and returns how many events were new in the
   * trail. Throws errors that waiting does not cure; with `once` it gives up on the others after some attempts.
   */
  async run(): Promise<number> {
    for (let queue = await this.#waitForQueue(); queue; queue = await this.#waitForQueue()) {
      try {
        await this.#shipFrom(queue);
      } finally {
        queue.close();
        this.#options.progress.interrupt();
      }
      if (this.#options.once) break;
    }
    this.#machine.enter('stopped');
    this.#options.log.log('ship-stopped', { events: this.#shipped });
    return this.#shipped;
  }

  async #waitForQueue(): Promise<ShipSource | null> {
    let isLogged = false;
    for (let attempt = 1; !this.#pause.stopped; ) {
      try {
        const queue = this.#options.openQueue();
        if (queue) return queue;
      } catch (error) {
        if (!isLogged || attempt++ >= QUEUE_ATTEMPTS) throw error;
      }
      if (this.#options.once) throw noQueue(this.#options.queueFile);
      if (!isLogged) this.#options.log.log('ship-waiting', { file: this.#options.queueFile });
      isLogged = true;
      await this.#pause.wait(this.#options.pollMillis ?? POLL_MILLIS);
    }
    return null;
  }

  async #shipFrom(queue: ShipSource): Promise<void> {
    while (!this.#pause.stopped) {
      const failure = await this.#session(queue);
      if (failure === null) return;
      await this.#backOff(failure.error);
    }
  }

  /** Works with one connection to the trail until it fails. Returns the error, null if nothing is left to do. */
  async #session(queue: ShipSource): Promise<{ error: unknown } | null> {
    let trail: Trail | undefined;
    try {
      this.#machine.enter('connecting');
      trail = await this.#connect(queue);
      await this.#drain(queue, trail);
      return null;
    } catch (error) {
      return { error };
    } finally {
      await trail?.close();
    }
  }

  async #connect(queue: ShipSource): Promise<Trail> {
    const trail = await this.#options.openTrail();
    try {
      const { shipped, last } = queue.position();
      await trail.checkQueue({ uuid: queue.uuid, server: queue.server, shipped, last });
    } catch (error) {
      await trail.close();
      throw error;
    }
    const id = this.#away ? 'ship-trail-back' : 'ship-started';
    this.#options.log.log(id, { queue: queue.uuid, server: queue.server, trail: trail.location });
    this.#away = false;
    return trail;
  }

  /** Returns when stopped, when the queue was replaced, or with `once` when nothing is left. */
  async #drain(queue: ShipSource, trail: Trail): Promise<void> {
    let { shipped: after, checkpoint } = queue.position();
    const batches = new ReadAhead(queue, this.#options.batchSize);
    while (!this.#pause.stopped) {
      const events = batches.read(after);
      const signed = queue.checkpoints(checkpoint, events.at(-1)?.sequence ?? after);
      if (events.length > 0 || signed.length > 0) {
        this.#machine.enter('shipping');
        await this.#options.onStep?.('read');
        const proof = { checkpoints: signed.map((one) => one.checkpoint), keys: signed.length > 0 ? queue.keys() : [] };
        const batch = { queue: queue.uuid, server: queue.server, events, proof };
        const result = await this.#append(trail, batch, batches.readOn(events));
        checkpoint = signed.at(-1)?.number ?? checkpoint;
        // Only after the trail has them: the queue deletes what is noted as shipped.
        queue.markShipped(result.sequence, result.hash, checkpoint);
        await this.#options.onStep?.('noted');
        after = result.sequence;
        this.#count(result, queue.position().last - after);
        continue;
      }
      if (this.#options.once || queue.isReplaced?.()) return;
      trail.checkInPlace();
      this.#machine.enter('idle');
      await this.#pause.wait(this.#options.pollMillis ?? POLL_MILLIS);
    }
  }

  /** Appends with a time limit: a connection may be cut without being closed. */
  async #append(trail: Trail, batch: Batch, meanwhile: Work): Promise<AppendResult> {
    const millis = this.#options.appendMillis ?? APPEND_MILLIS;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        trail.abort();
        reject(new TrailTimeoutError(`Trail ${trail.location} did not answer for ${millis / 1000} s`));
      }, millis);
    });
    try {
      return await Promise.race([deliver(trail, batch, this.#options.log, meanwhile), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #count(result: AppendResult, left: number): void {
    this.#shipped += result.appended;
    this.#waits = this.#newWaits();
    this.#options.log.log('ship-batch', { sequence: result.sequence, events: result.appended, known: result.skipped });
    this.#options.progress.update(result.appended, left);
  }

  async #backOff(error: unknown): Promise<void> {
    // Stopped while the trail is away: do not try again
    if (isTransient(error) && this.#pause.stopped) return;
    const wait = isTransient(error) ? this.#waits.next() : undefined;
    if (wait === undefined || wait.done) throw operatorError(error);
    this.#machine.enter('backing-off');
    this.#options.progress.interrupt();
    this.#options.log.limited('ship-trail-away', { error: databaseMessage(error), seconds: wait.value / 1000 });
    this.#away = true;
    await this.#pause.wait(wait.value);
  }

  #newWaits(): Generator<number> {
    return waits(this.#options.once ? ATTEMPTS_ONCE : undefined);
  }
}

/** Without `once` the shipper waits for it. */
function noQueue(file: string): UsageError {
  return new UsageError(`Queue ${file} does not exist`, { hint: 'start the server, which makes it; check queue.file' });
}

/** A lasting refusal in the database's own words, with a hint. */
function operatorError(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (error instanceof PortledgerError || code === undefined) return error;
  return new PortledgerError(`Trail refuses the events: ${databaseMessage(error)}`, {
    hint: 'nothing is lost, the events stay in the queue; correct the cause and start the shipper again',
    cause: error,
  });
}
