import type { Level, MessageId } from './messages.js';

/** The names of modules, each with a level of its own. People write them in `log.modules`: names are never removed. */
export const MODULES = [
  'net',
  'wire',
  'lease',
  'queue',
  'server',
  'failover',
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

/** Values of a message. Bytes are shown as text if printable, else as `0x` hex. Undefined is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log of a module. No method throws, whatever the fields hold. */
export interface Logger {
  /** Logs a message of {@link MESSAGES}. */
  log(id: MessageId, fields?: LogFields): void;
  /**
   * As `log`, for messages that a peer can cause at will. The first of an id in 10 seconds is logged at once; the others are counted, and
   * the next one (or the end of the 10 seconds) reports them as `suppressed=N`.
   */
  limited(id: MessageId, fields?: LogFields): void;
  /** Whether a message would be logged. Ask before you compute costly fields. */
  isEnabled(id: MessageId): boolean;
}

/** Rotated by size: `path` is always the newest, older ones are `path.1`, `path.2` ... */
export interface LogFileSettings {
  /** Absolute. */
  readonly path: string;
  /** Bytes, at least 1. */
  readonly maxSize: number;
  /** Files kept, the newest included, at least 2. */
  readonly maxFiles: number;
}

export const SYSLOG_PROTOCOLS = ['udp', 'tcp'] as const;
export const SYSLOG_FORMATS = ['rfc5424', 'rfc3164'] as const;
/** Facilities by name with their numbers, RFC 5424 section 6.2.1. */
export const SYSLOG_FACILITIES = {
  ...{
    kern: 0,
    user: 1,
    mail: 2,
    daemon: 3,
    auth: 4,
    syslog: 5,
    lpr: 6,
    news: 7,
    uucp: 8,
    cron: 9,
    authpriv: 10,
    ftp: 11,
  },
  ...{ local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23 },
} as const;

export interface SyslogSettings {
  readonly protocol: (typeof SYSLOG_PROTOCOLS)[number];
  /** Name or address of the collector. */
  readonly host: string;
  readonly port: number;
  readonly format: (typeof SYSLOG_FORMATS)[number];
  readonly facility: keyof typeof SYSLOG_FACILITIES;
  /** The program's name in each line. */
  readonly appName: string;
}

export interface LogSettings {
  /** For modules that `modules` does not name. */
  readonly level: Level;
  readonly format: 'text' | 'json';
  /** Log on stderr. */
  readonly console: boolean;
  readonly file?: LogFileSettings;
  readonly syslog?: SyslogSettings;
  readonly modules: Readonly<Partial<Record<ModuleName, Level>>>;
  /** Fields that every line carries, as the name of the server. */
  readonly fields?: LogFields;
}
