import type { Command } from 'commander';
import type { Config } from '../../config/config.js';
import { LogSystem } from '../../operate/log/log-system.js';
import { assumeIdentity, type Identity } from '../../server/identity.js';
import { configOf } from './context.js';

/** What a command that runs for long starts from. */
export interface DaemonContext {
  readonly config: Config;
  readonly logs: LogSystem;
  readonly identity: Identity;
}

/**
 * Reads the configuration with the rights of whoever started this, switches to the user that it names, and opens the logs as that user.
 * @throws ConfigError with all faults, UsageError if the process cannot become that user
 */
export function openContext(command: Command): DaemonContext {
  const config = configOf(command);
  const identity = assumeIdentity(config.server?.user, config.server?.group);
  return { config, logs: new LogSystem(config.log), identity };
}
