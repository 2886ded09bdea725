import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Each program that some tests need, and the Debian package that has it. */
const PACKAGE_OF = {
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

/** What is not needed where a Docker engine answers, and where the program docker has compose built in. */
const OF_DOCKER = { version: ['docker', 'dockerd', 'iptables'], compose: ['docker-compose'] };

/** Services that these packages would start, now or at the next boot. */
const SERVICES = ['isc-dhcp-server', 'isc-dhcp-server6', 'isc-dhcp-relay', 'docker', 'docker.socket', 'containerd'];

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The programs that are not there. */
export function missingPrograms() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const missing = Object.keys(PACKAGE_OF).filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  const needless = [
    ...(succeeds('docker', 'version') ? OF_DOCKER.version : []),
    ...(succeeds('docker', 'compose', 'version') ? OF_DOCKER.compose : []),
  ];
  return missing.filter((program) => !needless.includes(program));
}

function succeeds(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** True on Debian itself, as root, where the packages' names are right and can be installed. */
export function canInstall() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** The packages of these programs. */
export function packagesOf(programs) {
  return [...new Set(programs.map((program) => PACKAGE_OF[program]))];
}

/** Installs packages and sees to it that none of their services starts. Throws if apt-get fails. */
export function install(packages) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    execFileSync('apt-get', ['-q', ...args], { env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  apt('update');
  withoutServices(() => apt('install', '-y', '--no-install-recommends', ...packages));
}

/** While `action` runs, Debian's maintainer scripts start no service; those that it brought start at no boot either. */
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
