import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that `npm ci`, tests or the bench need, and the Debian package of each. */
const PACKAGE_OF = {
  // Compile better-sqlite3 for Node 20
  python3: 'python3',
  make: 'make',
  'g++': 'g++',
  cc: 'gcc',
  openssl: 'openssl',
  mariadbd: 'mariadb-server-core',
  mariadb: 'mariadb-client-core',
  dhclient: 'isc-dhcp-client',
  dhcrelay: 'isc-dhcp-relay',
  dhcpd: 'isc-dhcp-server',
  omshell: 'isc-dhcp-server',
  udhcpc: 'udhcpc',
  busybox: 'busybox',
  dhcping: 'dhcping',
  perfdhcp: 'kea-admin',
  socat: 'socat',
  tcpdump: 'tcpdump',
  tshark: 'tshark',
  ip: 'iproute2',
  ss: 'iproute2',
  sysctl: 'procps',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  docker: 'docker.io',
  dockerd: 'docker.io',
  iptables: 'iptables',
  'docker-compose': 'docker-compose',
};

/** Programs that are not needed if a Docker engine answers, and if `docker` has compose built in. */
const OF_DOCKER = { version: ['docker', 'dockerd', 'iptables'], compose: ['docker-compose'] };

/** Services that these packages start when they are installed, or at the next boot. */
const SERVICES = ['isc-dhcp-server', 'isc-dhcp-server6', 'isc-dhcp-relay', 'docker', 'docker.socket', 'containerd'];

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The programs that are not installed. */
export function missingPrograms() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const missing = Object.keys(PACKAGE_OF).filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  const notNeeded = [
    ...(succeeds('docker', 'version') ? OF_DOCKER.version : []),
    ...(succeeds('docker', 'compose', 'version') ? OF_DOCKER.compose : []),
  ];
  return missing.filter((program) => !notNeeded.includes(program));
}

function succeeds(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** True on Debian itself: other distributions have other package names. */
export function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** The packages that contain these programs. */
export function packagesOf(programs) {
  return [...new Set(programs.map((program) => PACKAGE_OF[program]))];
}

/** Installs packages without starting their services, as root. Throws if apt-get fails. */
export function install(packages) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    execFileSync('apt-get', ['-qq', ...args], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update');
  withoutServices(() => apt('install', '-y', '--no-install-recommends', ...packages));
}

/** Runs `action` while Debian's maintainer scripts may start no service; then disables the services that it installed. */
function withoutServices(action) {
  const present = SERVICES.filter(isInstalled);
  const ownPolicy = !existsSync(POLICY_FILE);
  if (ownPolicy) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const restore = () => {
    if (ownPolicy) rmSync(POLICY_FILE, { force: true });
  };
  const interrupt = () => {
    restore();
    process.exit(130);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    action();
  } finally {
    restore();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    for (const service of SERVICES.filter((name) => isInstalled(name) && !present.includes(name)))
      spawnSync('systemctl', ['disable', '--quiet', service], { stdio: 'ignore' });
  }
}

function isInstalled(service) {
  const unit = `/lib/systemd/system/${service}`;
  return [unit, `${unit}.service`, `/etc/init.d/${service}`].some((file) => existsSync(file));
}
