import type { Command } from 'commander';
import { messageOf } from '../../base/errors.js';
import { SystemClock } from '../../base/time.js';
import { formatRange } from '../../config/addresses.js';
import { type Config, serveSettings } from '../../config/config.js';
import { ConfigError } from '../../config/errors.js';
import { forgeablePools } from '../../config/forgeable.js';
import type { LogSystem } from '../../operate/log/log-system.js';
import type { Logger } from '../../operate/log/logger.js';
import { DhcpServer } from '../../server/server.js';
import { configOf } from './context.js';
import { openContext } from './daemon.js';

/** `portledger serve`: runs the DHCP server in the foreground until SIGTERM or SIGINT. */
export function register(command: Command): void {
  command.action(async (_options, command: Command) => serve(command));
}

async function serve(command: Command): Promise<void> {
  const { config, logs, identity } = openContext(command);
  const configLogger = logs.module('config');
  const loggers = {
    server: logs.module('server'),
    net: logs.module('net'),
    queue: logs.module('queue'),
    failover: logs.module('failover'),
  };
  // Handle signals before the start: a signal that interrupts it would leave an unclean end
  const stop = stopSignal();
  const reloads = new Reloads();
  try {
    const server = await DhcpServer.start(serveSettings(config), loggers, new SystemClock(), identity);
    warnOfForgery(config, configLogger);
    reloads.begin(() => reloadFrom(command, server, logs, configLogger));
    await stop;
    await reloads.end();
    await server.stop();
  } finally {
    await logs.close();
  }
}

/** Resolves with the first SIGTERM or SIGINT. Later ones are ignored: an interrupted stop would be an unclean end. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
}

/** Puts the configuration in force. If it cannot, the old one stays and the reason is logged. */
async function reloadFrom(command: Command, server: DhcpServer, logs: LogSystem, logger: Logger): Promise<void> {
  try {
    const config = configOf(command);
    await server.reload(serveSettings(config));
    logs.setLevels(config.log);
    logger.log('config-loaded', { file: config.file });
    warnOfForgery(config, logger);
  } catch (error) {
    if (!(error instanceof ConfigError)) return logger.log('reload-refused', { error: messageOf(error) });
    logger.log('config-refused', { file: error.file, count: error.faults.length });
    for (const fault of error.faults) logger.log('config-fault', { fault: fault.toString() });
  }
}

function warnOfForgery({ server }: Config, logger: Logger): void {
  const pools = server ? forgeablePools(server) : [];
  if (pools.length === 0) return;
  logger.log('trusted-relays-overlap-pool', { count: pools.length, pool: formatRange(pools[0]!) });
}

/** Reloads the configuration on SIGHUP, one reload at a time. A SIGHUP before `begin` is handled at `begin`. */
class Reloads {
  #isWanted = false;
  #task: (() => Promise<void>) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor() {
    // Keep listening to the end: without a listener the signal would kill a stopping server
    process.on('SIGHUP', () => this.#want());
  }

  begin(task: () => Promise<void>): void {
    this.#task = task;
    if (this.#isWanted) this.#want();
  }

  /** Starts no further reload, and waits for the running one. */
  async end(): Promise<void> {
    this.#task = undefined;
    await this.#running;
  }

  #want(): void {
    this.#isWanted = true;
    this.#running = this.#running.then(() => this.#task?.());
  }
}
