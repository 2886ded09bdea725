import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { asUser, ENGINES, SERVER_DATABASES, type ServerDatabase } from './database-engines.js';
import { missingReason } from './requirements.js';
import { until } from './until.js';

/** A MariaDB or MySQL of our own: its own data folder, port and socket. Never one that runs on the machine. */
export interface PrivateDatabase {
  /** Of a user with all rights, on database `test_main`. */
  readonly url: string;
  readonly port: number;
  /** Process id of the running server. */
  readonly pid: number;
  /** Runs one statement as the administrator. */
  query(sql: string): Promise<unknown>;
  /** Starts it again after stop() or kill9(). */
  start(): Promise<void>;
  /** Ends it cleanly. */
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

export interface DatabaseOptions {
  /** Every commit reaches the disk (the default of both); false is faster and still survives kill -9. */
  readonly durable?: boolean;
  /** Parent of its folder; the system's temporary folder by default. */
  readonly within?: string;
  /** More options of the server, as `--innodb-lock-wait-timeout=1`. */
  readonly args?: readonly string[];
}

const PASSWORD = 'only-for-tests';
const START_MS = 60_000;
const running = new Set<{ process: ChildProcess | undefined; folder: string }>();

// Last resort if a test run ends without its hooks: leave nothing behind.
process.on('exit', () => {
  for (const { process: child, folder } of running) {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The servers that can be started here. */
export function serversHere(): ServerDatabase[] {
  return SERVER_DATABASES.filter((name) => missingReason(ENGINES[name].requirement) === undefined);
}

/** The servers that all tests of this process share. */
const shared = new Map<ServerDatabase, Promise<PrivateDatabase>>();

/** An empty database on the server of this kind that all tests share; `drop` removes it. */
export async function freshDatabase(kind: ServerDatabase = 'MariaDB'): Promise<{ url: string; drop(): Promise<void> }> {
  const started = shared.get(kind) ?? startDatabase(kind, { durable: false });
  shared.set(kind, started);
  const server = await started;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await server.query(`CREATE DATABASE ${name}`);
  return {
    url: server.url.replace('test_main', name),
    drop: async () => void (await server.query(`DROP DATABASE ${name}`)),
  };
}

/** Ends the shared servers that were started. */
export async function stopSharedDatabases(): Promise<void> {
  const servers = [...shared.values()];
  shared.clear();
  for (const server of servers) await (await server).remove();
}

/** Root hooks for mocha. */
export const databaseHooks: Mocha.RootHookObject = {
  async afterAll() {
    await stopSharedDatabases();
  },
};

/** Starts a MariaDB that belongs to the caller, who removes it. */
export async function startMariadb(options: DatabaseOptions = {}): Promise<PrivateDatabase> {
  return await startDatabase('MariaDB', options);
}

/** Starts a server that belongs to the caller, who removes it. */
export async function startDatabase(kind: ServerDatabase, options: DatabaseOptions = {}): Promise<PrivateDatabase> {
  const folder = mkdtempSync(join(options.within ?? tmpdir(), `portledger-${ENGINES[kind].requirement}-`));
  const own: { process: ChildProcess | undefined; folder: string } = { process: undefined, folder };
  running.add(own);
  mkdirSync(join(folder, 'tmp'));
  ENGINES[kind].install(folder);
  const port = await freePort();
  const start = async (): Promise<void> => {
    own.process = spawnServer(kind, folder, port, options);
    await until(`${kind} that answers`, () => answers(kind, own.process!, port), {
      withinMs: START_MS,
      detail: () => readFileSync(join(folder, 'log'), 'utf8'),
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = own.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    url: `mysql://tester:${PASSWORD}@127.0.0.1:${port}/test_main`,
    port,
    get pid() {
      return own.process!.pid!;
    },
    query: (sql) => query(port, sql),
    start,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    remove: async () => {
      await end('SIGKILL');
      running.delete(own);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function spawnServer(kind: ServerDatabase, folder: string, port: number, options: DatabaseOptions): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  const [program, ...own] = ENGINES[kind].command(folder);
  const child = spawn(
    program!,
    [
      ...own,
      `--datadir=${folder}/data`,
      `--tmpdir=${folder}/tmp`,
      ...asUser(),
      `--socket=${folder}/socket`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=128M',
      '--innodb-fast-shutdown=1',
      '--default-time-zone=+05:30', // nothing may depend on it
      `--innodb-flush-log-at-trx-commit=${(options.durable ?? true) ? 1 : 2}`,
      `--init-file=${initFile(folder)}`,
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  child.unref();
  return child;
}

function initFile(folder: string): string {
  const file = join(folder, 'init.sql');
  const statements = [
    'CREATE DATABASE IF NOT EXISTS test_main;',
    `CREATE USER IF NOT EXISTS tester@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';`,
    "GRANT ALL ON *.* TO tester@'127.0.0.1' WITH GRANT OPTION;",
  ];
  writeFileSync(file, `${statements.join('\n')}\n`);
  return file;
}

async function answers(kind: ServerDatabase, child: ChildProcess, port: number): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}`);
  try {
    await query(port, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

async function query(port: number, sql: string): Promise<unknown> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'tester', password: PASSWORD });
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
