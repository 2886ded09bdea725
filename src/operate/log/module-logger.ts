import type { Clock } from '../../base/time.js';
import { LIMIT_WINDOW, Limiter } from './limiter.js';
import type { LogRecord } from './line.js';
import type { LogFields, Logger, ModuleName } from './logger.js';
import { type Level, MESSAGES, type MessageId } from './messages.js';

/** Of each level; the lower the more urgent. */
export const RANKS: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** The log of one module, with a level of its own. What `limited` holds back is told when its time is over, if no next one told it. */
export class ModuleLogger implements Logger {
  readonly #module: ModuleName;
  readonly #clock: Clock;
  readonly #write: (record: LogRecord) => void;
  readonly #limiter = new Limiter();
  readonly #held = new Map<MessageId, LogFields>();
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
    if (suppressed === undefined) this.#hold(id, fields);
    else this.log(id, suppressed > 0 ? { ...fields, suppressed } : fields);
  }

  /** Tells all that no later message told, and waits for nothing more. */
  drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tell(this.#limiter.drain());
  }

  #hold(id: MessageId, fields: LogFields): void {
    this.#held.set(id, fields);
    this.#timer ??= this.#tellLater();
  }

  /** No next message may come for long: what was held back is told when its window is over. */
  #tellLater(): NodeJS.Timeout {
    const tell = (): void => {
      this.#tell(this.#limiter.due(this.#clock.monotonic()));
      this.#timer = this.#limiter.holds ? this.#tellLater() : undefined;
    };
    return setTimeout(tell, LIMIT_WINDOW / 1000).unref();
  }

  /** The counts of what was held back, each with the fields of the last of them. */
  #tell(untold: readonly [string, number][]): void {
    for (const [id, suppressed] of untold) {
      const others = suppressed - 1; // this line stands for the last of them
      this.log(id as MessageId, { ...this.#held.get(id as MessageId), ...(others > 0 ? { suppressed: others } : {}) });
    }
  }
}
