import { resolve } from 'node:path';
import type { LogFileSettings, LogSettings, SyslogSettings } from '../operate/log/logger.js';
import type { LogValues } from './keys.js';

/** The log. Relative paths start at `folder`. `server` is a field of every line, if given. */
export function readLog(values: LogValues, folder: string, server: string | undefined): LogSettings {
  const { at: _, written: __, ...modules } = values.modules ?? { at: undefined, written: undefined };
  return {
    level: values.level,
    format: values.format,
    console: values.console,
    modules: Object.fromEntries(Object.entries(modules).filter(([, level]) => level !== undefined)),
    ...(values.file ? { file: readFile(values.file, folder) } : {}),
    ...(values.syslog ? { syslog: readSyslog(values.syslog) } : {}),
    ...(server === undefined ? {} : { fields: { server } }),
  };
}

function readFile(values: NonNullable<LogValues['file']>, folder: string): LogFileSettings {
  return {
    path: resolve(folder, values.path ?? ''),
    maxSize: values['max-size'],
    maxFiles: values['max-files'],
  };
}

function readSyslog(values: NonNullable<LogValues['syslog']>): SyslogSettings {
  return {
    protocol: values.protocol,
    host: values.host,
    port: values.port,
    format: values.format,
    facility: values.facility,
    appName: values['app-name'],
  };
}
