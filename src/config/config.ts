import { UsageError } from '../base/errors.js';
import type { LogSettings } from '../operate/log/logger.js';
import type { QueueSettings, ServerSettings, ServeSettings } from '../server/settings.js';
import type { AuditSettings, SwitchSettings } from '../trail/settings.js';

/** The whole configuration: checked, with defaults, environment and inheritance resolved. */
export interface Config {
  /** Absent if the file is only for `ship` and `report`. */
  readonly server?: ServerSettings;
  readonly queue: QueueSettings;
  readonly audit: AuditSettings;
  readonly switches: readonly SwitchSettings[];
  readonly log: LogSettings;
  /** The file it came from, absolute. */
  readonly file: string;
}

/**
 * What `serve` takes of a configuration.
 * @throws UsageError if it has no server section
 */
export function serveSettings({ server, queue, file }: Config): ServeSettings {
  if (server) return { server, queue };
  throw new UsageError(`${file}: server is missing`, { hint: 'add a server section with name, listen and subnets' });
}
