import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/types.js';
import { LogSystem } from '../log/log-system.js';

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

/** Reads the configuration and opens the logs it asks for: for commands that run for long. */
export function openContext(command: Command): CommandContext {
  const config = configOf(command);
  return { config, logs: new LogSystem(config.log) };
}
