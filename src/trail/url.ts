import { UsageError } from '../base/errors.js';

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
    };

const MYSQL_PORT = 3306;
const HINT = 'write it as mysql://user:password@host:3306/database or sqlite:./data/audit.db';

/**
 * Reads `sqlite:FILE`, `mysql://user:password@host:port/database` or the same with `mariadb:`; `?socket=/path` takes a
 * Unix socket instead of host and port. Throws UsageError, which never shows the password.
 */
export function parseTrailUrl(url: string): TrailTarget {
  if (url.startsWith('sqlite:')) return sqliteTarget(url.slice('sqlite:'.length));
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:')) {
    throw new UsageError('The URL of the trail is neither MySQL nor SQLite', { hint: HINT });
  }
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (database === '') throw new UsageError('The URL of the trail names no database', { hint: HINT });
  return {
    kind: 'mysql',
    host: parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(parsed.port || MYSQL_PORT),
    socket: parsed.searchParams.get('socket') ?? undefined,
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
  };
}

/** The trail's place without its password, for messages. */
export function describeTarget(target: TrailTarget): string {
  if (target.kind === 'sqlite') return `sqlite:${target.file}`;
  return `mysql://${target.user}@${target.socket ?? `${target.host}:${target.port}`}/${target.database}`;
}

function sqliteTarget(file: string): TrailTarget {
  if (file === '') throw new UsageError('The URL of the trail names no file', { hint: HINT });
  return { kind: 'sqlite', file };
}
