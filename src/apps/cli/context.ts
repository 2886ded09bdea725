import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/config.js';
import { loadConfig } from '../../config/load.js';
import { LogSystem } from '../../operate/log/log-system.js';
import { assumeIdentity, type Identity } from '../../server/identity.js';

export const DEFAULT_CONFIG = './portledger.yaml';

/** What every command starts from. */
export interface CommandContext {
  readonly config: Config;
  readonly logs: LogSystem;
}

/** The file that --config names. */
export function configFile(command: Command): string {
  return resolve(command.optsWithGlobals<{ config: string }>().config);
}

/**
 * Reads the configuration that --config names.
 * @throws ConfigError with all faults
 */
export function configOf(command: Command): Config {
  return loadConfig(configFile(command));
}

/**
 * Reads the configuration, with the rights of whoever started this, becomes the user that it names, and opens the logs as that user: for
 * commands that run for long.
 */
export function openContext(command: Command): CommandContext & { readonly identity: Identity } {
  const config = configOf(command);
  const identity = assumeIdentity(config.server?.user, config.server?.group);
  return { config, logs: new LogSystem(config.log), identity };
}
