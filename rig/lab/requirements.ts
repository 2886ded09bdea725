import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mysqldCommand } from './mysqld.mjs';

/** What a test may need besides Node: root, a kernel feature, or a program. */
export type Requirement = 'root' | 'netns' | 'docker' | 'compose' | 'mariadb' | 'mysql' | (typeof PROGRAMS)[number];

const PROGRAMS = [
  'busybox',
  'dhclient',
  'dhcpd',
  'dhcping',
  'dhcrelay',
  'omshell',
  'openssl',
  'perfdhcp',
  'socat',
  'tcpdump',
  'tshark',
  'udhcpc',
] as const;

/** The reporter reads the reason for a skip from this key of the suite or test. */
const REASON = Symbol.for('portledger.skip-reason');

const known = new Map<Requirement, string | undefined>();

/**
 * Declares, in a `before` hook or a test, what the tests need. If something is missing, they are skipped and the summary says why. They fail
 * if PORTLEDGER_REQUIRE is `all` or names it (comma-separated).
 */
export function requires(context: Mocha.Context, ...requirements: Requirement[]): void {
  for (const requirement of requirements) {
    const missing = missingReason(requirement);
    if (missing === undefined) continue;
    if (isDemanded(requirement)) throw new Error(`PORTLEDGER_REQUIRE demands ${requirement}: ${missing}`);
    noteReason(context.runnable(), missing);
    context.skip();
  }
}

/** A reason from a hook is valid for the whole suite, one from a test for that test. */
function noteReason(runnable: Mocha.Runnable, reason: string): void {
  const isHook = 'type' in runnable && runnable.type === 'hook';
  const holder: ((Mocha.Suite | Mocha.Runnable) & { [REASON]?: string }) | undefined = isHook
    ? runnable.parent
    : runnable;
  if (holder) holder[REASON] = reason;
}

function isDemanded(requirement: Requirement): boolean {
  const demanded = (process.env.PORTLEDGER_REQUIRE ?? '').split(',').map((word) => word.trim());
  return demanded.includes('all') || demanded.includes(requirement);
}

/** Why a requirement cannot be met here; undefined if it is. */
export function missingReason(requirement: Requirement): string | undefined {
  if (!known.has(requirement)) known.set(requirement, probe(requirement));
  return known.get(requirement);
}

function probe(requirement: Requirement): string | undefined {
  switch (requirement) {
    case 'root':
      return process.getuid?.() === 0 ? undefined : 'the tests do not run as root';
    case 'netns':
      return probeNamespaces();
    case 'docker':
      return succeeds('docker', ['version']) ? undefined : 'no Docker engine answers';
    case 'compose':
      return composeCommand() ? undefined : 'neither "docker compose" nor docker-compose is installed';
    case 'mariadb':
      return programPath('mariadbd') ? undefined : 'the program mariadbd is not installed';
    case 'mysql':
      return mysqldCommand() ? undefined : 'no MySQL server (mysqld, not that of MariaDB) is installed or unpacked';
    default:
      return programPath(requirement) ? undefined : `the program ${requirement} is not installed`;
  }
}

/** The command for compose: part of docker, or a program of its own. */
export function composeCommand(): string[] | undefined {
  if (succeeds('docker', ['compose', 'version'])) return ['docker', 'compose'];
  const path = programPath('docker-compose');
  return path === undefined ? undefined : [path];
}

function probeNamespaces(): string | undefined {
  const missing = missingReason('root');
  if (missing !== undefined) return missing;
  if (!programPath('ip')) return 'the program ip (iproute2) is not installed';
  const name = `portledger-${process.pid}-0`;
  if (!succeeds('ip', ['netns', 'add', name])) return 'network namespaces cannot be made here';
  succeeds('ip', ['netns', 'delete', name]);
  return undefined;
}

/** Path of a program, or undefined. Also looks in the system folders, which are not in every PATH. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
