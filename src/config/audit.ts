import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../base/errors.js';
import type { AuditValues } from './keys.js';
import type { AuditConfig } from './types.js';

const DEFAULT_URL = 'sqlite:./data/audit.db';
const DEFAULT_BATCH_SIZE = 2000;
const URL_HINT = 'write mysql://USER@HOST:3306/DATABASE, mariadb://..., or sqlite:FILE';

/** The trail's place. Paths are from `folder`. */
export function readAudit(values: AuditValues | undefined, folder: string): AuditConfig {
  const batchSize = values?.['batch-size'] ?? DEFAULT_BATCH_SIZE;
  const written = values?.url ?? DEFAULT_URL;
  const password = values && readPassword(values, folder);
  if (written.startsWith('sqlite:')) return { url: sqliteUrl(written, values, folder), batchSize };
  return { url: mysqlUrl(written, values!, password), batchSize };
}

function sqliteUrl(url: string, values: AuditValues | undefined, folder: string): string {
  const file = url.slice('sqlite:'.length);
  if (file === '') values?.at.key('url').fault('names no file', url, URL_HINT);
  const secret = values && (['password', 'password-file'] as const).find((key) => key in values);
  if (secret)
    values.at.key(secret).fault('SQLite knows no password', undefined, `remove ${secret}, or write a mysql: URL`);
  return `sqlite:${resolve(folder, file)}`;
}

function mysqlUrl(written: string, values: AuditValues, password: string | undefined): string {
  const at = values.at.key('url');
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url) at.fault('is not a URL', written, `${URL_HINT}; in a password write @ as %40, / as %2F, : as %3A`);
  else if (!['mysql:', 'mariadb:'].includes(url.protocol))
    at.fault('is no database that can hold the trail', written, URL_HINT);
  else if (url.hostname === '') at.fault('names no host', written, URL_HINT);
  else if (!/^\/[^/]+$/.test(url.pathname)) at.fault('names no database', written, URL_HINT);
  else if (password !== undefined && url.password !== '') {
    at.fault('has a password, and there is another beside it', written, 'keep one of the two');
  } else if (password !== undefined) {
    url.password = encodeURIComponent(password);
    return url.href;
  }
  return written;
}

function readPassword(values: AuditValues, folder: string): string | undefined {
  const { password, 'password-file': file, at } = values;
  if ('password' in values && 'password-file' in values) {
    at.key('password-file').fault('the password is given twice', undefined, 'keep one of password and password-file');
  }
  if (file === undefined) return password;
  try {
    const content = readFileSync(resolve(folder, file), 'utf8').replace(/\r?\n$/, '');
    return content === ''
      ? at.key('password-file').fault('is an empty file', file, 'write the password into it')
      : content;
  } catch (error) {
    const hint = 'name a file that the user of this process can read';
    return at.key('password-file').fault(`cannot be read: ${messageOf(error)}`, file, hint);
  }
}
