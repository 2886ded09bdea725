import { hostname } from 'node:os';
import { type LogRecord, renderBody } from './line.js';
import { SYSLOG_FACILITIES, type SyslogSettings } from './logger.js';
import type { Level } from './messages.js';

/** RFC 5424 section 6.2.1. */
const SEVERITIES: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** RFC 3164 section 4.1: no packet is longer. */
const MAX_RFC3164_BYTES = 1024;
/** RFC 5426 section 3.2 asks receivers for 2048 and lets them cut the rest; rsyslog and syslog-ng take 8192. */
const MAX_RFC5424_BYTES = 8192;

/** One record as a syslog message without framing, cut to the longest its format allows. */
export function renderSyslog(record: LogRecord, config: SyslogSettings): Buffer {
  const priority = SYSLOG_FACILITIES[config.facility] * 8 + SEVERITIES[record.level];
  const body = `${record.module} ${renderBody(record)}`;
  const date = new Date(Math.floor(record.at / 1000));
  if (config.format === 'rfc5424') {
    const header = `1 ${date.toISOString()} ${hostname() || '-'} ${config.appName} ${process.pid} ${record.id} -`;
    return cut(`<${priority}>${header} ${body}`, MAX_RFC5424_BYTES);
  }
  return cut(
    `<${priority}>${bsdTime(date)} ${hostname()} ${config.appName}[${process.pid}]: ${body}`,
    MAX_RFC3164_BYTES,
  );
}

/** `Nov  9 14:03:07`, local time: RFC 3164 section 4.1.2. */
function bsdTime(date: Date): string {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${time.join(':')}`;
}

/** The first `max` bytes in UTF-8 without half a character at the end. */
function cut(text: string, max: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= max) return bytes;
  let end = max;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
