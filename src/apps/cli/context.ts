import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/config.js';
import { loadConfig } from '../../config/load.js';

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
