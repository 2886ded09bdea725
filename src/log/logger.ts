import type { Level, MessageId } from './messages.js';

/** The parts that log under a name, and with a level, of their own. */
export const MODULES = [
  'net',
  'wire',
  'lease',
  'queue',
  'server',
  'control',
  'switches',
  'trail',
  'ship',
  'report',
  'config',
  'log',
  'cli',
  'demo',
] as const;
export type ModuleName = (typeof MODULES)[number];

/** Values that belong to a message. Bytes are shown as text if printable, else as `0x` hex; undefined is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What a module logs with. No method throws, whatever the fields hold. */
export interface Logger {
  /** Logs a message of the catalogue. */
  log(id: MessageId, fields?: LogFields): void;
  /**
   * As `log`, for what a peer can cause at will: per message id the first in 10 seconds is logged at once, the rest are counted
   * and told as `suppressed=N` with the next one (or when the log is closed).
   */
  limited(id: MessageId, fields?: LogFields): void;
  /** Whether a message would be logged: asks before costly fields are made. */
  isEnabled(id: MessageId): boolean;
}

/** Rotated by size: `path` is always the newest, older ones have a number before the extension. */
export interface LogFileConfig {
  /** Absolute. */
  readonly path: string;
  /** Bytes, at least 1. */
  readonly maxSize: number;
  /** Files kept, the newest included, at least 1. */
  readonly maxFiles: number;
}

export const SYSLOG_PROTOCOLS = ['udp', 'tcp', 'unix'] as const;
export const SYSLOG_FORMATS = ['rfc5424', 'rfc3164'] as const;
export const SYSLOG_FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const;

export interface SyslogConfig {
  readonly protocol: (typeof SYSLOG_PROTOCOLS)[number];
  /** For udp and tcp. */
  readonly host: string;
  readonly port: number;
  /** Socket of the local daemon, for unix. */
  readonly path: string;
  readonly format: (typeof SYSLOG_FORMATS)[number];
  readonly facility: string;
  /** The program's name in each line. */
  readonly appName: string;
}

export interface LogConfig {
  /** For modules that `modules` does not name. */
  readonly level: Level;
  readonly format: 'text' | 'json';
  /** Log on stderr. */
  readonly console: boolean;
  readonly file?: LogFileConfig;
  readonly syslog?: SyslogConfig;
  readonly modules: Readonly<Partial<Record<ModuleName, Level>>>;
  /** Fields that every line carries, as the name of the server. */
  readonly fields?: LogFields;
}
