import { dirname, resolve } from 'node:path';
import { readAudit } from './audit.js';
import type { Config } from './config.js';
import { ConfigError } from './errors.js';
import { CONFIG_KEYS } from './keys.js';
import { readLog } from './log.js';
import { readQueue } from './queue.js';
import { mapOf } from './schema.js';
import { readServer } from './server.js';
import { readSource } from './source.js';
import { readSwitches } from './switches.js';
import { type Findings, YamlPath } from './yaml-path.js';

/**
 * Reads, checks and completes a configuration file. `env` fills in `${NAME}`. Throws ConfigError with all faults at once; as every
 * part is read as far as it goes, a fault in one hides none in another.
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  const path = resolve(file);
  const findings: Findings = { faults: [], secrets: new Map() };
  const config = readConfig(readSource(path, env, findings), path, new YamlPath(findings));
  if (findings.faults.length > 0 || !config) throw new ConfigError(path, findings.faults);
  return config;
}

function readConfig(source: unknown, file: string, root: YamlPath): Config | undefined {
  const values = mapOf(CONFIG_KEYS).read(source, root);
  if (!values) return undefined;
  const folder = dirname(file);
  const switches = readSwitches(values.switches ?? []);
  const queue = readQueue(values.queue, folder);
  const audit = readAudit(values.audit, folder);
  if (queue.onFailure === 'serve' && (values.server?.failover?.length ?? 0) > 0)
    root
      .key('queue')
      .key('on-failure')
      .fault(
        'does not go with server.failover',
        'serve',
        'write refuse: the partner answers while this server cannot record',
      );
  if (audit.url === `sqlite:${queue.file}`)
    root.key('audit').key('url').fault('is the file of the queue', audit.url, 'give queue and trail a file each');
  return {
    ...(values.server ? { server: readServer(values.server, switches) } : {}),
    queue,
    audit,
    switches,
    log: readLog(values.log, folder, values.server?.name),
    file,
  };
}
