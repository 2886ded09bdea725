import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../lab/mysqld.mjs';

const SOURCES = fileURLToPath(new URL('./c/', import.meta.url));

/** Compiles one of the bench's C programs; returns its path. */
export function compiled(name: string, folder: string): string {
  return compile(name, join(folder, name), []);
}

/** Compiles a library to preload into a foreign program; returns its path. */
export function preloaded(name: string, folder: string): string {
  return compile(name, join(folder, `${name}.so`), ['-shared', '-fPIC', '-ldl']);
}

function compile(name: string, output: string, flags: readonly string[]): string {
  execFileSync('cc', ['-O2', '-Wall', '-o', output, join(SOURCES, `${name}.c`), ...flags], { stdio: 'inherit' });
  return output;
}

/**
 * Path of Kea's DHCPv4 server. Debian's package is only unpacked: installed, it would start as a service. Undefined if it cannot be had.
 */
export function keaProgram(): string | undefined {
  const folder = join(CACHE, 'kea');
  const program = join(folder, 'usr/sbin/kea-dhcp4');
  if (existsSync('/usr/sbin/kea-dhcp4')) return '/usr/sbin/kea-dhcp4';
  try {
    if (!existsSync(program)) unpack('kea-dhcp4-server', folder);
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

function unpack(name: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const asRoot = ['-o', 'APT::Sandbox::User=root'];
  execFileSync('apt-get', ['-q', ...asRoot, 'download', name], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const archive = readdirSync(folder).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  execFileSync('dpkg-deb', ['-x', join(folder, archive!), folder]);
}
