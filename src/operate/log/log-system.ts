import type { Writable } from 'node:stream';
import { createLogger } from 'winston';
import { messageOf } from '../../base/errors.js';
import { type Clock, SystemClock } from '../../base/time.js';
import { Limiter } from './limiter.js';
import { type LogRecord, renderText } from './line.js';
import type { LogFields, Logger, LogSettings, ModuleName } from './logger.js';
import { LEVELS, type Level } from './messages.js';
import { ModuleLogger, RANKS } from './module-logger.js';
import { type Sink, type SinkOpener, sinkOpeners } from './sinks.js';

export interface LogSystemOptions {
  readonly clock?: Clock;
  /** Target of the console sink and of faults of other sinks; process.stderr by default. */
  readonly stderr?: Writable;
}

/** A sink that failed is opened again after this pause. */
const REOPEN_MILLIS = 10_000;
/** Closing waits no longer than this for a sink that hangs. */
const CLOSE_MILLIS = 5000;

/**
 * The log of a process: one logger per module with a level of its own, over common sinks. No failure of a sink ever
 * reaches those who log. Throws UsageError if the log file cannot be opened.
 */
export class LogSystem {
  readonly #clock: Clock;
  readonly #stderr: Writable;
  readonly #fields: LogFields;
  readonly #winston = createLogger({ levels: RANKS, level: LEVELS.at(-1)!, silent: true });
  readonly #sinks = new Map<SinkOpener, Sink>();
  readonly #modules = new Map<ModuleName, ModuleLogger>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #faults = new Limiter();
  readonly #onStderrError = (): void => {};
  #levels: Pick<LogSettings, 'level' | 'modules'>;
  #closing: Promise<void> | undefined;

  constructor(config: LogSettings, options: LogSystemOptions = {}) {
    this.#clock = options.clock ?? new SystemClock();
    this.#stderr = options.stderr ?? process.stderr;
    this.#fields = config.fields ?? {};
    this.#levels = config;
    // A closed terminal or pipe must not end the server.
    this.#stderr.on('error', this.#onStderrError);
    for (const opener of sinkOpeners(config, this.#stderr)) this.#open(opener);
  }

  /** The logger of a module, always the same one. */
  module(name: ModuleName): Logger {
    let logger = this.#modules.get(name);
    if (!logger) {
      logger = new ModuleLogger(name, this.#clock, (record) => this.#write(record));
      logger.level = this.#levelOf(name);
      this.#modules.set(name, logger);
    }
    return logger;
  }

  /** Sets the levels after a reload. A change of sinks needs a restart. */
  setLevels(levels: Pick<LogSettings, 'level' | 'modules'>): void {
    this.#levels = levels;
    for (const [name, logger] of this.#modules) logger.level = this.#levelOf(name);
  }

  /** Reports what `limited` suppressed, writes everything and closes the sinks. Later messages are lost. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #levelOf(name: ModuleName): Level {
    return this.#levels.modules[name] ?? this.#levels.level;
  }

  #write(record: LogRecord): void {
    if (this.#closing) return;
    const { level, id: message } = record;
    this.#winston.log({ level, message, record: { ...record, fields: { ...this.#fields, ...record.fields } } });
  }

  #open(opener: SinkOpener): void {
    const sink = opener((error) => this.#tellFault(sink.name, error));
    sink.stream?.once('error', (error) => this.#onEnd(opener, sink, error));
    this.#sinks.set(opener, sink);
    this.#winston.add(sink.transport);
    this.#winston.silent = false;
  }

  /** A failed stream takes nothing more, so the sink opens a new one. */
  #onEnd(opener: SinkOpener, sink: Sink, error: Error): void {
    sink.stream?.on('error', () => {});
    this.#sinks.delete(opener);
    this.#winston.remove(sink.transport);
    this.#winston.silent = this.#sinks.size === 0;
    this.#tellFault(sink.name, error);
    this.#reopenLater(opener, sink.name);
  }

  #reopenLater(opener: SinkOpener, name: string): void {
    if (this.#closing) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      try {
        this.#open(opener);
      } catch (error) {
        this.#tellFault(name, error);
        this.#reopenLater(opener, name);
      }
    }, REOPEN_MILLIS);
    this.#timers.add(timer.unref());
  }

  /** Always on stderr and not by winston: the failed sink may be the only one. */
  #tellFault(sink: string, error: unknown): void {
    const suppressed = this.#faults.pass(sink, this.#clock.monotonic());
    if (suppressed === undefined) return;
    const fields = { ...this.#fields, sink, error: messageOf(error), suppressed: suppressed || undefined };
    const record = { at: this.#clock.now(), level: 'error', module: 'log', id: 'log-sink-failed', fields } as const;
    this.#stderr.write(`${renderText(record)}\n`);
  }

  async #close(): Promise<void> {
    for (const logger of this.#modules.values()) logger.drain();
    for (const timer of this.#timers) clearTimeout(timer);
    const sinks = [...this.#sinks.values()];
    const finished = Promise.all(sinks.map(({ transport, stream }) => ended(transport, stream)));
    this.#winston.end();
    await finished;
    this.#stderr.off('error', this.#onStderrError);
  }
}

/** Resolves when the transport and its stream have written everything, or after the longest wait. */
function ended(transport: Sink['transport'], stream: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MILLIS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    transport.once('finish', () => (stream ? stream.end(done) : done()));
    stream?.once('error', done);
  });
}
