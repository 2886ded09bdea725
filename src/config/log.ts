import { resolve } from 'node:path';
import type { LogFileSettings, LogSettings, SyslogSettings } from '../operate/log/logger.js';
import type { LogValues } from './keys.js';

const DEFAULT_MAX_SIZE = 10 * 1024 * 1024;
const DEFAULT_MAX_FILES = 5;
const SYSLOG_PORT = 514;

/** The log. Paths are from `folder`; `server` is the name that every line carries, if there is one. */
export function readLog(values: LogValues | undefined, folder: string, server: string | undefined): LogSettings {
  const { at: _, ...modules } = values?.modules ?? { at: undefined };
  return {
    level: values?.level ?? 'info',
    format: values?.format ?? 'text',
    console: values?.console ?? true,
    modules: Object.fromEntries(Object.entries(modules).filter(([, level]) => level !== undefined)),
    ...(values?.file ? { file: readFile(values.file, folder) } : {}),
    ...(values?.syslog ? { syslog: readSyslog(values.syslog) } : {}),
    ...(server === undefined ? {} : { fields: { server } }),
  };
}

function readFile(values: NonNullable<LogValues['file']>, folder: string): LogFileSettings {
  return {
    path: resolve(folder, values.path ?? ''),
    maxSize: values['max-size'] ?? DEFAULT_MAX_SIZE,
    maxFiles: values['max-files'] ?? DEFAULT_MAX_FILES,
  };
}

function readSyslog(values: NonNullable<LogValues['syslog']>): SyslogSettings {
  return {
    protocol: values.protocol ?? 'udp',
    host: values.host ?? '127.0.0.1',
    port: values.port ?? SYSLOG_PORT,
    format: values.format ?? 'rfc5424',
    facility: values.facility ?? 'daemon',
    appName: values['app-name'] ?? 'portledger',
  };
}
