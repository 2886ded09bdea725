import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect as connectTcp, type Socket } from 'node:net';
import createKnex, { type Knex } from 'knex';
import { makePrivate } from '../../base/private-file.js';
import { Sqlite, type SqliteDatabase } from '../../base/sqlite.js';
import { tlsOptions } from './tls.js';
import type { TrailTarget } from './url.js';

/** Milliseconds until a database that does not answer counts as away. */
const CONNECT_TIMEOUT = 10_000;
/** Most connections of a process. */
const POOL_SIZE = 2;
/** Milliseconds that SQLite waits for another writer. */
const BUSY_TIMEOUT = 10_000;

/**
 * Seconds after which the database drops an idle session. Else a shipper whose machine died in a transaction would make all
 * others wait for its row lock for hours.
 */
const IDLE_SECONDS = 60;

/** knex's own client, with the build of better-sqlite3 that this Node can run. */
const BetterSqlite3Client: typeof Knex.Client = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3');
class SqliteClient extends BetterSqlite3Client {
  _driver(): typeof Sqlite {
    return Sqlite;
  }
}

/** Session settings that make times, text and refusals independent of the server's defaults. */
const SESSION = [
  "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
  'SET NAMES utf8mb4',
  // Writers exclude one another by a row lock; gap locks would only make them collide with retention and reports.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

const ignore = (): void => undefined;
/** knex prints errors with their stack, besides throwing them. */
const QUIET: Knex.Logger = { warn: ignore, error: ignore, deprecate: ignore, debug: ignore };

/** A raw MySQL connection, as far as it is used here. */
interface MysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
  readonly stream: { destroy(error: Error): void; once(event: 'close', listener: () => void): void };
}

export interface Connection {
  readonly knex: Knex;
  /** Cuts every connection at once; running statements fail. */
  abort(): void;
}

/** Makes the connection pool; nothing is connected until the first query. Creates the folder of an SQLite file. */
export function connect(target: TrailTarget, options: { poolSize?: number; idleSeconds?: number }): Connection {
  if (target.kind === 'sqlite') return connectSqlite(target.file);
  return connectMysql(target, options.poolSize ?? POOL_SIZE, options.idleSeconds ?? IDLE_SECONDS);
}

function connectSqlite(file: string): Connection {
  // It holds personal data: only its owner may read it, unless the owner grants more afterwards.
  if (!existsSync(file)) makePrivate(file);
  const knex = createKnex({
    client: SqliteClient,
    log: QUIET,
    // Error texts may be logged, and the values of a statement are personal data.
    compileSqlOnError: false,
    connection: { filename: file },
    useNullAsDefault: true,
    pool: {
      min: 0,
      max: 1,
      afterCreate: (db: SqliteDatabase, done: (error: unknown, db: SqliteDatabase) => void) => {
        done(
          attempt(() => prepareSqlite(db)),
          db,
        );
      },
    },
  });
  return { knex, abort: () => undefined };
}

function prepareSqlite(db: SqliteDatabase): void {
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT}`);
  db.pragma('journal_mode = WAL');
  // An event is deleted from its queue once it is here, so a commit here must survive a power cut.
  db.pragma('synchronous = FULL');
}

function connectMysql(target: TrailTarget & { kind: 'mysql' }, poolSize: number, idleSeconds: number): Connection {
  const session = [...SESSION, `SET SESSION wait_timeout = ${idleSeconds}`];
  const open = new Set<MysqlConnection>();
  const knex = createKnex({
    client: 'mysql2',
    log: QUIET,
    compileSqlOnError: false,
    connection: {
      ...addressOf(target),
      user: target.user,
      password: target.password,
      database: target.database,
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: true,
      connectTimeout: CONNECT_TIMEOUT,
      enableKeepAlive: true,
    },
    acquireConnectionTimeout: 3 * CONNECT_TIMEOUT,
    pool: {
      min: 0,
      max: poolSize,
      afterCreate: (connection: MysqlConnection, done: (error: unknown, connection: MysqlConnection) => void) => {
        open.add(connection);
        connection.stream.once('close', () => open.delete(connection));
        runAll(connection, session, (error) => done(error, connection));
      },
    },
  });
  return {
    knex,
    abort: () => {
      // Its own destroy() waits for an answer of the peer, which may be dead.
      for (const { stream } of open) stream.destroy(new Error('Connection to the trail was cut'));
    },
  };
}

/** The driver checks the certificate against `host`, so with TLS that is the name in it; `stream` connects to the address. */
function addressOf(target: TrailTarget & { kind: 'mysql' }): object {
  const { host, port, socket, tls } = target;
  const way = socket === undefined ? { host, port } : { socketPath: socket };
  if (!tls) return way;
  const stream = (): Socket =>
    connectTcp(socket === undefined ? { host, port, keepAlive: true, noDelay: true } : { path: socket });
  return { host: tls.name, port, stream, ssl: tlsOptions(tls) };
}

function runAll(connection: MysqlConnection, statements: readonly string[], done: (error: Error | null) => void): void {
  const [first, ...rest] = statements;
  if (first === undefined) done(null);
  else connection.query(first, (error) => (error ? done(error) : runAll(connection, rest, done)));
}

function attempt(action: () => void): unknown {
  try {
    action();
    return null;
  } catch (error) {
    return error;
  }
}
