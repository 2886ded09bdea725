import type { Clock } from '../../base/time.js';
import { LIMIT_WINDOW, Limiter } from './limiter.js';
import type { LogRecord } from './line.js';
import type { LogFields, Logger, ModuleName } from './logger.js';
import { type Level, MESSAGES, type MessageId } from './messages.js';

/** Of each level; the lower the more urgent. */
export const RANKS: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** The log of one module, with a level of its own. What `limited` suppresses is reported by the next message of that id, or when its window is over. */
export class ModuleLogger implements Logger {
  readonly #module: ModuleName;
  readonly #clock: Clock;
  readonly #write: (record: LogRecord) => void;
  readonly #limiter = new Limiter();
  readonly #suppressed = new Map<MessageId, LogFields>();
  #timer: NodeJS.Timeout | undefined;
  #rank = 0;

  constructor(module: ModuleName, clock: Clock, write: (record: LogRecord) => void) {
    this.#module = module;
    this.#clock = clock;
    this.#write = write;
  }

  set level(level: Level) {
    this.#rank = RANKS[level];
  }

  isEnabled(id: MessageId): boolean {
    return RANKS[MESSAGES[id].level] <= this.#rank;
  }

  log(id: MessageId, fields: LogFields = {}): void {
    if (!this.isEnabled(id)) return;
    this.#write({ at: this.#clock.now(), level: MESSAGES[id].level, module: this.#module, id, fields });
  }

  limited(id: MessageId, fields: LogFields = {}): void {
    if (!this.isEnabled(id)) return;
    const suppressed = this.#limiter.pass(id, this.#clock.monotonic());
    if (suppressed === undefined) this.#suppress(id, fields);
    else this.log(id, suppressed > 0 ? { ...fields, suppressed } : fields);
  }

  /** Reports all suppressed messages now, and stops the timer. */
  drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#report(this.#limiter.drain());
  }

  #suppress(id: MessageId, fields: LogFields): void {
    this.#suppressed.set(id, fields);
    this.#timer ??= this.#reportLater();
  }

  /** Without a next message, suppressed ones are reported when their window is over. */
  #reportLater(): NodeJS.Timeout {
    const report = (): void => {
      this.#report(this.#limiter.due(this.#clock.monotonic()));
      this.#timer = this.#limiter.hasSuppressed ? this.#reportLater() : undefined;
    };
    return setTimeout(report, LIMIT_WINDOW / 1000).unref();
  }

  /** Logs the last suppressed message of each id, with the number of the others. */
  #report(counts: readonly [string, number][]): void {
    for (const [id, suppressed] of counts) {
      const others = suppressed - 1; // this line stands for the last of them
      this.log(id as MessageId, {
        ...this.#suppressed.get(id as MessageId),
        ...(others > 0 ? { suppressed: others } : {}),
      });
    }
  }
}
