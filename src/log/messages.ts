/** From the gravest to the most talkative. */
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

/** One message that an operator may read. */
export interface MessageDefinition {
  readonly level: Level;
  /** One sentence without a period; `{field}` stands for the field of that name. */
  readonly text: string;
  /** What the message means and what to do, for the table of messages in the README. */
  readonly help: string;
}

/**
 * Every message Portledger logs, by its id. An id is kebab-case and never changes its meaning: people filter and alarm on it.
 * Sections are the modules in the order of the data flow.
 */
export const MESSAGES = {
  // config
  'config-loaded': {
    level: 'info',
    text: 'Configuration {file} is in force',
    help: 'The file was read without a fault. Nothing to do',
  },
  'config-refused': {
    level: 'error',
    text: 'Configuration {file} has {count} faults, the one before stays in force',
    help: 'The file was read again (SIGHUP) and is wrong. Each fault follows as `config-fault`; correct them and send SIGHUP again',
  },
  'config-fault': {
    level: 'error',
    text: '{fault}',
    help: 'One fault of the configuration: path, what is wrong, what to write instead',
  },

  // log
  'log-sink-failed': {
    level: 'error',
    text: 'Log lines cannot be written to {sink}: {error}',
    help: 'The other sinks go on; this one is opened again every 10 seconds, and lines until then are lost to it. Look at disk space and permissions (file) or at the collector (syslog)',
  },

  // server
  'server-ready': {
    level: 'info',
    text: 'Server {name} serves {subnets} subnets on {listen}',
    help: 'All sockets are open and the queue is writable: requests are answered from now on',
  },
} as const satisfies Record<string, MessageDefinition>;

export type MessageId = keyof typeof MESSAGES;
