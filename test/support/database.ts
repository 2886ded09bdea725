import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { missingReason, programPath } from './requirements.js';
import { until } from './until.js';

/** A MariaDB of our own: its own data folder, port and socket. Never one that runs on the machine. */
export interface PrivateMariadb {
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

export interface MariadbOptions {
  /** Every commit reaches the disk (the default of MariaDB); false is faster and still survives kill -9. */
  readonly durable?: boolean;
  /** More options of mariadbd, as `--innodb-lock-wait-timeout=1`. */
  readonly args?: readonly string[];
}

const PASSWORD = 'only-for-tests';
const START_MS = 60_000;
const running = new Set<{ process: ChildProcess | undefined; folder: string }>();

// The last resort, if a test run ends without its hooks: nothing may be left behind.
process.on('exit', () => {
  for (const { process: child, folder } of running) {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** True if a private MariaDB can be started here. */
export function mariadbAvailable(): boolean {
  return missingReason('mariadb') === undefined;
}

let shared: Promise<PrivateMariadb> | undefined;

/** An empty database on the server that all tests of this process share; `drop` removes it. */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  shared ??= startMariadb({ durable: false });
  const server = await shared;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await server.query(`CREATE DATABASE ${name}`);
  return {
    url: server.url.replace('test_main', name),
    drop: async () => void (await server.query(`DROP DATABASE ${name}`)),
  };
}

/** Ends the shared server, if one was started. */
export async function stopSharedDatabase(): Promise<void> {
  const server = shared;
  shared = undefined;
  await (await server)?.remove();
}

/** Root hooks for mocha. */
export const databaseHooks: Mocha.RootHookObject = {
  async afterAll() {
    await stopSharedDatabase();
  },
};

/** Starts a MariaDB that belongs to the caller, who removes it. */
export async function startMariadb(options: MariadbOptions = {}): Promise<PrivateMariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-mariadb-'));
  const own: { process: ChildProcess | undefined; folder: string } = { process: undefined, folder };
  running.add(own);
  installFiles(folder);
  const port = await freePort();
  const socket = join(folder, 'socket');
  const spawnServer = async (): Promise<void> => {
    own.process = spawnMariadb(folder, port, socket, options);
    await until('MariaDB that answers', () => answers(own.process!, port), {
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
  await spawnServer();
  return {
    url: `mysql://tester:${PASSWORD}@127.0.0.1:${port}/test_main`,
    port,
    get pid() {
      return own.process!.pid!;
    },
    query: (sql) => query(port, sql),
    start: spawnServer,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    remove: async () => {
      await end('SIGKILL');
      running.delete(own);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function installFiles(folder: string): void {
  mkdirSync(join(folder, 'tmp'));
  const program = programPath('mariadb-install-db');
  if (!program) throw new Error('The program mariadb-install-db is not installed');
  execFileSync(
    program,
    [
      '--no-defaults',
      `--datadir=${folder}/data`,
      `--tmpdir=${folder}/tmp`, // at its start a server deletes what others have in a shared one
      ...asUser(),
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ],
    { stdio: 'pipe' },
  );
}

function spawnMariadb(folder: string, port: number, socket: string, options: MariadbOptions): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(
    programPath('mariadbd')!,
    [
      '--no-defaults',
      `--datadir=${folder}/data`,
      `--tmpdir=${folder}/tmp`,
      ...asUser(),
      `--socket=${socket}`,
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

async function answers(child: ChildProcess, port: number): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`MariaDB ended with ${child.exitCode}`);
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

/** MariaDB refuses to run as root unless told so. */
function asUser(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}
