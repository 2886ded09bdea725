import { isIP } from 'node:net';
import { UsageError } from '../../base/errors.js';

/** Where a trail is. */
export type TrailTarget =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly socket: string | undefined;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      /** Undefined: the connection is not encrypted. */
      readonly tls: TlsTarget | undefined;
    };

/** How the connection is encrypted; a database that does not offer it is refused. */
export interface TlsTarget {
  /** Check the certificate of the database; without that anybody in between can pose as it. */
  readonly verify: boolean;
  /** File with the certificates of trusted authorities (PEM). Default: those that Node trusts. */
  readonly ca: string | undefined;
  /** Name in the database's certificate. */
  readonly name: string;
}

const MYSQL_PORT = 3306;
/** Modes of MySQL's own clients. VERIFY_CA is left out: it accepts anybody who has a certificate of that authority. */
const SSL_MODES = ['VERIFY_IDENTITY', 'REQUIRED'] as const;
const PARAMETERS = ['socket', 'ssl-mode', 'ssl-ca', 'ssl-name'];
const HINT = 'write it as mysql://user:password@host:3306/database or sqlite:./data/audit.db';

/**
 * Reads `sqlite:FILE`, `mysql://user:password@host:port/database` or the same with `mariadb:`; `?socket=/path` takes a
 * Unix socket instead of host and port; `?ssl-mode=VERIFY_IDENTITY|REQUIRED` encrypts, with `ssl-ca=FILE` and `ssl-name=NAME` (where
 * the host is an address). Throws UsageError, which never shows the password.
 */
export function parseTrailUrl(url: string): TrailTarget {
  if (url.startsWith('sqlite:')) return sqliteTarget(url.slice('sqlite:'.length));
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:')) {
    throw new UsageError('The URL of the trail is neither MySQL nor SQLite', { hint: HINT });
  }
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (database === '') throw new UsageError('The URL of the trail names no database', { hint: HINT });
  const host = parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  return {
    kind: 'mysql',
    host,
    port: Number(parsed.port || MYSQL_PORT),
    socket: parsed.searchParams.get('socket') ?? undefined,
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    tls: tlsOf(parsed.searchParams, host),
  };
}

/** Throws for an unknown parameter: a misspelt one must not end in a connection without encryption. */
function tlsOf(parameters: URLSearchParams, host: string): TlsTarget | undefined {
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    const hint = `use ${PARAMETERS.join(', ')}`;
    throw new UsageError(`The URL of the trail has a parameter "${unknown}" that is not known`, { hint });
  }
  const mode = parameters.get('ssl-mode');
  const [ca, name] = [parameters.get('ssl-ca') ?? undefined, parameters.get('ssl-name') ?? undefined];
  if (mode === null && ca === undefined && name === undefined) return undefined;
  if (!SSL_MODES.some((known) => known === mode)) {
    const hint = `write ssl-mode=${SSL_MODES.join(' or ssl-mode=')}`;
    throw new UsageError(`ssl-mode in the URL of the trail is "${mode ?? ''}"`, { hint });
  }
  const verify = mode === 'VERIFY_IDENTITY';
  if (verify && name === undefined && isIP(host)) {
    const hint = 'write its name, or add ssl-name (audit.tls.certificate-name) with the name in its certificate';
    throw new UsageError(`The URL of the trail has an address, ${host}, where TLS needs a name to check`, { hint });
  }
  return { verify, ca, name: name ?? host };
}

/** The URL of the trail without its password, for messages. */
export function describeTarget(target: TrailTarget): string {
  if (target.kind === 'sqlite') return `sqlite:${target.file}`;
  return `mysql://${target.user}@${target.socket ?? `${target.host}:${target.port}`}/${target.database}`;
}

function sqliteTarget(file: string): TrailTarget {
  if (file === '') throw new UsageError('The URL of the trail names no file', { hint: HINT });
  return { kind: 'sqlite', file };
}
