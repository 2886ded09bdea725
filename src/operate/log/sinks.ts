import { closeSync, mkdirSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { createStream } from 'rotating-file-stream';
import { format, transports } from 'winston';
import { messageOf, UsageError } from '../../base/errors.js';
import { type LogRecord, renderJson, renderText } from './line.js';
import type { LogFileSettings, LogSettings, SyslogSettings } from './logger.js';
import { renderSyslog } from './syslog-line.js';
import { openSyslogStream } from './syslog-stream.js';

/** An output of the log. */
export interface Sink {
  /** As the operator knows it: `file /var/log/portledger.log`. */
  readonly name: string;
  readonly transport: transports.StreamTransportInstance;
  /** The stream that the sink opened and the log closes. Its `error` event ends the sink. */
  readonly stream?: Writable;
}

export type SinkOpener = (onFault: (error: Error) => void) => Sink;

/** The sinks of a configuration, as functions that open them: at the start, and again after a failure. */
export function sinkOpeners(config: LogSettings, stderr: Writable): SinkOpener[] {
  const { file, syslog } = config;
  return [
    ...(config.console ? [() => consoleSink(config, stderr)] : []),
    ...(file ? [() => fileSink(config, file)] : []),
    ...(syslog ? [(onFault: (error: Error) => void) => syslogSink(syslog, onFault)] : []),
  ];
}

function consoleSink(config: LogSettings, stderr: Writable): Sink {
  return {
    name: 'stderr',
    transport: new transports.Stream({ stream: stderr, format: lineFormat(config), eol: '\n' }),
  };
}

/** Throws UsageError if the file cannot be written: at the start, not with the first line. */
function fileSink(config: LogSettings, file: LogFileSettings): Sink {
  try {
    mkdirSync(dirname(file.path), { recursive: true });
    closeSync(openSync(file.path, 'a', 0o640));
  } catch (error) {
    throw new UsageError(`Log file "${file.path}" cannot be written: ${messageOf(error)}`, {
      hint: 'give the user of this process the right to write there, or change log.file.path',
      cause: error,
    });
  }
  // Not winston's own file transport: it loses lines when it rotates under load.
  const stream = createStream(basename(file.path), {
    path: dirname(file.path),
    size: `${file.maxSize}B`,
    rotate: file.maxFiles - 1,
    mode: 0o640,
  });
  const transport = new transports.Stream({ stream, format: lineFormat(config), eol: '\n' });
  return { name: `file ${file.path}`, transport, stream };
}

function syslogSink(config: SyslogSettings, onFault: (error: Error) => void): Sink {
  const stream = openSyslogStream(config, onFault);
  const transport = new transports.Stream({
    stream,
    format: recordFormat((record) => renderSyslog(record, config).toString('utf8')),
    eol: '',
  });
  return { name: `syslog ${config.protocol} ${config.host}:${config.port}`, transport, stream };
}

function lineFormat(config: LogSettings): ReturnType<typeof format.printf> {
  return recordFormat(config.format === 'json' ? renderJson : renderText);
}

function recordFormat(render: (record: LogRecord) => string): ReturnType<typeof format.printf> {
  return format.printf((info) => render(info.record as LogRecord));
}
