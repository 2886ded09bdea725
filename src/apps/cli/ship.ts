import { getPriority, setPriority } from 'node:os';
import type { Command } from 'commander';
import { EXIT } from '../../base/errors.js';
import type { Config } from '../../config/config.js';
import { acquireLock, shipperLockPath } from '../../ledger/queue/lock.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import type { LogSystem } from '../../operate/log/log-system.js';
import type { Logger } from '../../operate/log/logger.js';
import { Progress } from '../../trail/ship/progress.js';
import { Shipper } from '../../trail/ship/shipper.js';
import { namingOf } from '../../trail/store/naming.js';
import { Trail } from '../../trail/store/trail.js';
import { type DaemonContext, openContext } from './daemon.js';

/** Milliseconds that the batch under way may take after a signal to stop. */
const STOP_MILLIS = 10_000;
/** Priority from 19 (lowest) to -20: about a tenth of the processor while the server wants all of it. */
const NICENESS = 10;
const ignore = (): void => undefined;

/** `portledger ship`: ships the events of the queue to the trail. */
export function register(command: Command): void {
  command
    .option('--once', 'ship all events of the queue and exit')
    .action(async (options: { once?: boolean }, command: Command) => {
      const context = openContext(command);
      context.identity.dropRoot();
      try {
        await ship(context, options.once === true);
      } finally {
        await context.logs.close();
      }
    });
}

async function ship({ config, logs }: Omit<DaemonContext, 'identity'>, once: boolean): Promise<void> {
  // Clients wait for the server, nobody waits for the shipper. Only root may raise its own priority again
  if (getPriority() < NICENESS) setPriority(NICENESS);
  const { file } = config.queue;
  const lock = acquireLock(shipperLockPath(file), 'shipper');
  const log = logs.module('ship');
  const shipper = new Shipper({
    openQueue: () => (QueueReader.exists(file) ? QueueReader.open(file) : null),
    queueFile: file,
    openTrail: () => openTrail(config, logs.module('trail')),
    batchSize: config.audit.batchSize,
    once,
    log,
    progress: new Progress(log, process.stderr),
  });
  const signals = new StopSignals(
    () => shipper.stop(),
    () => void endNow(logs, log),
  );
  try {
    await shipper.run();
  } finally {
    signals.end();
    lock.release();
  }
}

/** Aborts the batch under way: the database rolls it back, and its events stay in the queue. */
async function endNow(logs: LogSystem, log: Logger): Promise<void> {
  log.log('ship-cut-off', { seconds: STOP_MILLIS / 1000 });
  await logs.close();
  process.exit(EXIT.ok);
}

/**
 * The first SIGTERM or SIGINT stops after the batch under way, the second one at once. SIGHUP is ignored: it is meant for the server, and a
 * terminal that closes sends it to both.
 */
class StopSignals {
  #timer: NodeJS.Timeout | undefined;
  readonly #stop: () => void;

  constructor(stop: () => void, late: () => void) {
    this.#stop = () => {
      this.#unlisten();
      this.#timer = setTimeout(late, STOP_MILLIS);
      stop();
    };
    process.on('SIGTERM', this.#stop).on('SIGINT', this.#stop);
    process.on('SIGHUP', ignore);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }

  #unlisten(): void {
    process.off('SIGTERM', this.#stop).off('SIGINT', this.#stop);
  }
}

/** Opens the trail for writing. The embedded one is migrated here: it has no administrator. */
async function openTrail(config: Config, log: Logger): Promise<Trail> {
  const trail = await Trail.open(config.audit.url, { naming: namingOf(config.switches) });
  try {
    if (trail.embedded) {
      const migrations = await trail.migrate();
      if (migrations.length > 0)
        log.log('trail-migrated', { trail: trail.location, migrations: migrations.join(', ') });
    } else await trail.checkSchema();
    if (await trail.refreshNames()) log.log('trail-renamed', { trail: trail.location });
    return trail;
  } catch (error) {
    await trail.close();
    throw error;
  }
}
