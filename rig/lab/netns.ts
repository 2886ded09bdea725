import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Program } from './program.js';

const PREFIX = 'portledger';
const live = new Set<Campus>();
let count = 0;

/** One end of a cable, or a bridge: an interface in a namespace. */
export interface Leg {
  in: Namespace;
  name: string;
  /** Fixed, so that a peer's ARP table survives a replug; random unless given. */
  mac?: string;
  /** With prefix length, from 198.18.0.0/15. */
  address?: string;
}

/** A set of network namespaces built by a test: hosts, switches, cables. Invisible to the machine's own network. */
export class Campus {
  readonly #namespaces: Namespace[] = [];
  #cables = 0;

  constructor() {
    if (count === 0) sweep();
    live.add(this);
  }

  /** Adds a host; IPv6 is off in it, so that nothing but the test's own packets is on its cables. */
  host(): Namespace {
    const host = new Namespace(`${PREFIX}-${process.pid}-${++count}`);
    this.#namespaces.push(host);
    return host;
  }

  /** Adds a switch: every leg that is plugged into it joins the bridge `br0`. */
  switch(): Namespace {
    const host = this.host();
    host.ip('link', 'add', 'br0', 'type', 'bridge');
    host.ip('link', 'set', 'br0', 'up');
    return host;
  }

  /** Lays a cable between two hosts. */
  cable(one: Leg, other: Leg): void {
    const temporary = [1, 2].map(() => `plc${process.pid % 100_000}x${++this.#cables}`);
    ip(
      'link',
      'add',
      temporary[0]!,
      'netns',
      one.in.name,
      'type',
      'veth',
      'peer',
      'name',
      temporary[1]!,
      'netns',
      other.in.name,
    );
    one.in.adopt(temporary[0]!, one);
    other.in.adopt(temporary[1]!, other);
  }

  /** Plugs a host into a switch; the switch's port is named by `port`. */
  plug(leg: Leg, into: Namespace, port: string): void {
    this.cable(leg, { in: into, name: port });
    into.ip('link', 'set', port, 'master', 'br0');
  }

  /** Ends every program in the namespaces and removes them. May be called again. */
  async remove(): Promise<void> {
    live.delete(this);
    const programs = this.#namespaces.flatMap((host) => host.programs);
    await Promise.all(programs.map((program) => program.stop('SIGKILL')));
    this.removeNow();
  }

  /** Like remove, without waiting. */
  removeNow(): void {
    live.delete(this);
    for (const host of this.#namespaces.splice(0)) removeNamespace(host.name);
  }
}

/** One network namespace: a host of its own. */
export class Namespace {
  readonly name: string;
  readonly programs: Program[] = [];

  constructor(name: string) {
    this.name = name;
    ip('netns', 'add', name);
    this.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1');
    this.ip('link', 'set', 'lo', 'up');
  }

  /** Runs `ip ...` in the namespace. Throws if it fails. */
  ip(...args: string[]): string {
    return ip('-n', this.name, ...args);
  }

  /** Runs a short program in the namespace and returns its stdout. Throws if it fails. */
  run(...command: string[]): string {
    return execute('ip', ['netns', 'exec', this.name, ...command]);
  }

  /** Starts a program in the namespace; its process ID is the program's own. */
  start(command: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Program {
    const program = new Program(['ip', 'netns', 'exec', this.name, ...command], options);
    this.programs.push(program);
    return program;
  }

  /** Renames and configures an interface of the namespace as the leg says, and brings it up. */
  adopt(device: string, leg: Leg): void {
    this.ip('link', 'set', device, 'name', leg.name);
    if (leg.mac) this.ip('link', 'set', leg.name, 'address', leg.mac);
    if (leg.address) this.addAddress(leg.name, leg.address);
    this.ip('link', 'set', leg.name, 'up');
  }

  /** Gives an interface an address with prefix length. Throws RangeError outside of 198.18.0.0/15. */
  addAddress(device: string, address: string): void {
    if (!/^198\.1[89]\./.test(address)) throw new RangeError(`${address} is not from 198.18.0.0/15`);
    this.ip('address', 'add', address, 'broadcast', '+', 'dev', device);
  }

  /** Lets the host forward packets between its interfaces. */
  routeBetweenInterfaces(): void {
    this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  /** The addresses that an interface has now, with prefix length. */
  addressesOf(device: string): string[] {
    return [...this.ip('-4', '-o', 'address', 'show', 'dev', device).matchAll(/ inet (\S+)/g)].map(
      (match) => match[1]!,
    );
  }
}

function ip(...args: string[]): string {
  return execute('ip', args);
}

function execute(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Ends all processes in the namespace (programs may have left children there) and removes it. */
function removeNamespace(name: string): void {
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }
  ip('netns', 'delete', name);
}

/** Removes namespaces that killed test runs left behind. */
function sweep(): void {
  for (const name of namespaceNames()) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-\\d+$`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeNamespace(name);
  }
}

function namespaceNames(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

process.on('exit', () => {
  for (const campus of live) campus.removeNow();
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(signal, () => process.exit(code));
