import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The only suite of Debian with MySQL; in the others `mysqld` is MariaDB. */
const SUITE = 'sid';
const PACKAGE = 'mysql-server-core';

/** Programs that are unpacked rather than installed. Outside of node_modules, which `npm ci` empties. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'portledger');

/** MySQL's packages, unpacked with all libraries that they need. The system's own libraries are not used. */
const FOLDER = join(CACHE, 'mysql');

/** Files that mysqld never opens. */
const SURPLUS = ['usr/bin', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/lintian'];

/** The command that starts a MySQL server, installed or unpacked; undefined if there is none. */
export function mysqldCommand() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  const installed = folders.map((folder) => join(folder, 'mysqld')).find(isMysql);
  return installed ? [installed] : unpackedCommand();
}

function isMysql(program) {
  if (!existsSync(program)) return false;
  const { status, stdout } = spawnSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' });
  return status === 0 && !/mariadb/i.test(stdout);
}

/** Starts mysqld by the dynamic loader of its own packages: their C library is newer than the machine's. */
function unpackedCommand() {
  const program = join(FOLDER, 'usr/sbin/mysqld');
  if (!existsSync(program)) return undefined;
  const within = (folder) => (existsSync(join(FOLDER, folder)) ? readdirSync(join(FOLDER, folder)) : []);
  const loaders = ['usr/lib64', 'usr/lib'].flatMap((folder) =>
    within(folder).map((name) => join(FOLDER, folder, name)),
  );
  const loader = loaders.find((path) => /\/ld-linux[^/]*$/.test(path));
  const libraries = within('usr/lib').filter((name) => existsSync(join(FOLDER, 'usr/lib', name, 'libc.so.6')));
  const path = libraries.map((name) => join(FOLDER, 'usr/lib', name)).join(delimiter);
  return [loader, '--library-path', path, program, `--basedir=${join(FOLDER, 'usr')}`];
}

/** Downloads MySQL from the mirror that this Debian uses and unpacks it, as root. Throws if that fails. */
export function unpackMysql() {
  const work = `${FOLDER}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  try {
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'root'])
      mkdirSync(join(work, folder), { recursive: true });
    download(work);
    for (const file of readdirSync(join(work, 'cache/archives')).filter(isWanted))
      execFileSync('dpkg-deb', ['-x', join(work, 'cache/archives', file), join(work, 'root')]);
    for (const folder of SURPLUS) rmSync(join(work, 'root', folder), { recursive: true, force: true });
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(join(work, 'root'), FOLDER);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function isWanted(file) {
  return file.endsWith('.deb') && !/^(lib)?perl/.test(file);
}

/** Uses apt with lists and a cache of its own; the machine's sources stay as they are. */
function download(work) {
  writeFileSync(join(work, 'status'), '');
  writeFileSync(join(work, 'sources.list'), `deb ${mirror()} ${SUITE} main\n`);
  const options = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': join(work, 'state'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
    'Acquire::Retries': '3',
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args) =>
    execFileSync('apt-get', ['-qq', ...words, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update');
  apt('-y', '--download-only', 'install', PACKAGE);
}

/** The archive's address and signing keys, from apt's own sources, as in a line of sources.list. */
function mirror() {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const format = ['--format', '$(REPO_URI) $(RELEASE) $(SIGNED_BY)', 'Created-By: Packages', 'Component: main'];
  const lines = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' }).split('\n');
  const found = lines.map((line) => line.split(' ')).find(([, suite]) => suite === release || suite === 'stable');
  if (!found) throw new Error('apt knows no archive of Debian itself');
  const [address, , keys] = found;
  return keys?.startsWith('/') ? `[signed-by=${keys}] ${address}` : address;
}
