import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.js';
import { ConfigError } from '../../src/config/errors.js';
import { loadConfig } from '../../src/config/load.js';

type Map = Record<string, unknown>;

/** A subnet that is right, with these keys in place of or besides its own. */
export function subnet(changes: Map = {}): Map {
  return { subnet: '198.18.0.0/16', pools: ['198.18.16.0-198.18.16.255'], ...changes };
}

/** A configuration that is right, with these keys of `server` in place of or besides its own. */
export function server(changes: Map = {}): Map {
  return { server: { name: 'dhcp-a', listen: [{ address: '198.18.0.1' }], subnets: [subnet()], ...changes } };
}

/** One with this subnet. */
export function inSubnet(changes: Map): Map {
  return server({ subnets: [subnet(changes)] });
}

/** One with these reservations. */
export function reserving(...reservations: unknown[]): Map {
  return inSubnet({ reservations });
}

/** Loads a configuration, a text as it is and a map as YAML, from a folder with these other files, which is removed after. */
export function load(source: string | Map, env: NodeJS.ProcessEnv = {}, files: Record<string, string> = {}): Config {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-config-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const file = join(folder, 'portledger.yaml');
    writeFileSync(file, typeof source === 'string' ? source : stringify(source));
    return loadConfig(file, env);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The error that such a load ends with. */
export function refusal(
  source: string | Map,
  env: NodeJS.ProcessEnv = {},
  files: Record<string, string> = {},
): ConfigError {
  try {
    load(source, env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted');
}
