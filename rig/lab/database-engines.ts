import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { mysqldCommand } from './mysqld.mjs';
import { programPath, type Requirement } from './requirements.js';

/** The databases that run as a server. */
export const SERVER_DATABASES = ['MariaDB', 'MySQL'] as const;
export type ServerDatabase = (typeof SERVER_DATABASES)[number];

/** How one of them is run as the user of the tests. */
export interface Engine {
  readonly requirement: Requirement;
  /** Makes an empty data folder, `data` in this one. */
  install(folder: string): void;
  /** The program, and options that only this engine has. */
  command(folder: string): readonly string[];
}

export const ENGINES: Readonly<Record<ServerDatabase, Engine>> = {
  MariaDB: {
    requirement: 'mariadb',
    install: installMariadb,
    command: () => [programPath('mariadbd')!, '--no-defaults'],
  },
  MySQL: {
    requirement: 'mysql',
    install: installMysql,
    command: (folder) => [
      ...mysqlProgram(),
      `--pid-file=${folder}/pid`,
      '--mysqlx=OFF',
      '--performance-schema=OFF',
      '--local-infile=ON', // off by default; the tests of LOAD DATA have one without as well
      '--secure-file-priv=NULL',
    ],
  },
};

/** Both refuse to run as root without this option. */
export function asUser(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

function installMariadb(folder: string): void {
  const program = programPath('mariadb-install-db');
  if (!program) throw new Error('The program mariadb-install-db is not installed');
  const rest = ['--skip-test-db', '--auth-root-authentication-method=normal'];
  run([program, '--no-defaults', ...places(folder), ...asUser(), ...rest]);
}

function installMysql(folder: string): void {
  const small = ['--innodb-redo-log-capacity=32M', '--secure-file-priv=NULL'];
  run([...mysqlProgram(), '--initialize-insecure', ...places(folder), ...asUser(), ...small]);
}

/** `--no-defaults` must be the first option. */
function mysqlProgram(): string[] {
  const command = mysqldCommand();
  if (!command) throw new Error('There is no MySQL server here');
  const program = command.findIndex((word) => /(^|\/)mysqld$/.test(word));
  return [...command.slice(0, program + 1), '--no-defaults', ...command.slice(program + 1)];
}

/** A folder of its own for temporary files: a starting server deletes other servers' files in a shared one. */
function places(folder: string): string[] {
  return [`--datadir=${join(folder, 'data')}`, `--tmpdir=${join(folder, 'tmp')}`];
}

function run([program, ...args]: string[]): void {
  execFileSync(program!, args, { stdio: 'pipe' });
}
