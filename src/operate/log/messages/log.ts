import type { MessageDefinition } from './definition.js';

/** The log itself. */
export const LOG_MESSAGES = {
  'log-sink-failed': {
    level: 'error',
    text: 'Log lines cannot be written to {sink}: {error}',
    help: 'The other outputs of the log go on. This one is tried again every 10 seconds; it misses the lines until then. Look at disk space and permissions (file) or at the collector (syslog)',
  },
} as const satisfies Record<string, MessageDefinition>;
