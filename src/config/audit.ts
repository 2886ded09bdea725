import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { messageOf } from '../base/errors.js';
import type { AuditSettings } from '../trail/settings.js';
import type { AuditValues, TlsValues } from './keys.js';
import type { YamlPath } from './yaml-path.js';

const URL_HINT = 'write mysql://USER@HOST:3306/DATABASE, mariadb://..., or sqlite:FILE';

/** Where the trail is. Paths are from `folder`. */
export function readAudit(values: AuditValues, folder: string): AuditSettings {
  const common = {
    batchSize: values['batch-size'],
    accessLog: values['access-log'],
  };
  const written = values.url;
  const password = readPassword(values, folder);
  if (written.startsWith('sqlite:')) return { url: sqliteUrl(written, values, folder), ...common };
  return { url: mysqlUrl(written, values, password, folder), ...common };
}

function sqliteUrl(url: string, values: AuditValues, folder: string): string {
  const file = url.slice('sqlite:'.length);
  if (file === '') values.at.key('url').fault('names no file', url, URL_HINT);
  const needless = (['password', 'password-file', 'tls'] as const).find((key) => values.written.has(key));
  if (needless) {
    const what = needless === 'tls' ? 'TLS' : 'password';
    values.at.key(needless).fault(`SQLite knows no ${what}`, undefined, `remove ${needless}, or write a mysql: URL`);
  }
  return `sqlite:${resolve(folder, file)}`;
}

function mysqlUrl(written: string, values: AuditValues, password: string | undefined, folder: string): string {
  const at = values.at.key('url');
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url) at.fault('is not a URL', written, `${URL_HINT}; in a password write @ as %40, / as %2F, : as %3A`);
  else if (!['mysql:', 'mariadb:'].includes(url.protocol))
    at.fault('is not a database that can hold the trail', written, URL_HINT);
  else if (url.hostname === '') at.fault('names no host', written, URL_HINT);
  else if (!/^\/[^/]+$/.test(url.pathname)) at.fault('names no database', written, URL_HINT);
  else if (password !== undefined && url.password !== '') {
    at.fault('has a password, and there is another beside it', written, 'keep one of the two');
  } else {
    checkParameters(url, written, at);
    if (password !== undefined) url.password = encodeURIComponent(password);
    if (values.tls) addTls(url, values.tls, folder);
    return password === undefined && !values.tls ? written : url.href;
  }
  return written;
}

/** An unknown parameter is a fault: somebody may have meant it to encrypt. */
function checkParameters(url: URL, written: string, at: YamlPath): void {
  const names = [...url.searchParams.keys()].filter((name) => name !== 'socket');
  if (names.length > 0)
    at.fault(`has a parameter "${names[0]}"`, written, 'only socket is known; TLS has keys of its own, audit.tls');
}

/** Writes TLS into the URL, so that everything that opens the trail uses it. */
function addTls(url: URL, tls: TlsValues, folder: string): void {
  const { verify } = tls;
  url.searchParams.set('ssl-mode', verify ? 'VERIFY_IDENTITY' : 'REQUIRED');
  if (tls.ca !== undefined) url.searchParams.set('ssl-ca', readableCa(tls, folder));
  const name = tls['certificate-name'];
  if (name !== undefined) url.searchParams.set('ssl-name', name);
  else if (verify && isIP(url.hostname.replace(/^\[|\]$/g, '')))
    tls.at.fault(
      'the name to check is missing: url has an address',
      undefined,
      'add certificate-name with the name in the certificate',
    );
}

function readableCa(tls: TlsValues, folder: string): string {
  const file = resolve(folder, tls.ca!);
  try {
    new X509Certificate(readFileSync(file));
  } catch (error) {
    const hint = "name a PEM file with the certificate of the authority that signed the database's";
    tls.at.key('ca').fault(`has no certificate that can be read: ${messageOf(error)}`, tls.ca, hint);
  }
  return file;
}

function readPassword(values: AuditValues, folder: string): string | undefined {
  const { password, 'password-file': file, at } = values;
  if (values.written.has('password') && values.written.has('password-file')) {
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
