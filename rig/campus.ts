import { setTimeout } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import { type Dockerode, dockerEngine } from './docker.js';
import { Gate } from './gate.js';
import { LABEL, makeNetworks } from './networks.js';
import type { RigOptions } from './options.js';
import { removeRig } from './reset.js';
import { isNamed, RoleContainer } from './role-container.js';
import { readTopology, type Service, startOrder, type Topology } from './topology.js';

const HEALTHY_MS = 60_000;
const EXEC_MS = 60_000;
const PAUSE_TRIES = 10;

/** What a command in a container printed. */
export interface Output {
  readonly exitCode: number;
  readonly output: string;
}

/** The running campus: one container per service, by the service's name. */
export class Campus {
  readonly name: string;
  /** The first three bytes of all its addresses. */
  readonly net: string;
  readonly services: readonly string[];
  readonly #docker: Dockerode;
  readonly #containers: ReadonlyMap<string, StartedTestContainer>;
  readonly #gates: ReadonlyMap<string, Gate>;

  private constructor(docker: Dockerode, name: string, net: string, containers: Map<string, StartedTestContainer>) {
    this.#docker = docker;
    this.name = name;
    this.net = net;
    this.services = [...containers.keys()];
    this.#containers = containers;
    this.#gates = new Map(this.services.map((service) => [service, new Gate()]));
  }

  /** Starts all services. On failure, or if the signal aborts, it removes what it has made. */
  static async start(name: string, options: RigOptions, signal: AbortSignal): Promise<Campus> {
    const docker = await dockerEngine();
    try {
      const net = await makeNetworks(docker, name, (candidate) => readTopology(options, candidate).networks);
      const containers = await startAll(docker, name, readTopology(options, net), signal);
      return new Campus(docker, name, net, containers);
    } catch (error) {
      await removeRig(docker, name);
      throw error;
    }
  }

  /**
   * Runs a command in a service's container. Rejects if the container is paused, and after a time limit: when a container is killed, the
   * engine may never report the end of its commands.
   */
  async exec(service: string, command: string[]): Promise<Output> {
    const stop = new AbortController();
    const late = setTimeout(EXEC_MS, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`${command.join(' ')} in ${service} did not end within ${EXEC_MS / 1000} s`);
    });
    try {
      return await this.#gate(service).pass(() => Promise.race([this.#container(service).exec(command), late]));
    } finally {
      late.catch(() => undefined);
      stop.abort();
    }
  }

  /** Like {@link exec}, but throws unless the exit code is 0. */
  async run(service: string, command: string[]): Promise<string> {
    const { exitCode, output } = await this.exec(service, command);
    if (exitCode !== 0) throw new Error(`${command.join(' ')} in ${service} ended with ${exitCode}: ${output.trim()}`);
    return output;
  }

  /** Kills all processes of the container. */
  async kill(service: string): Promise<void> {
    await this.#engine(service).kill({ signal: 'SIGKILL' });
  }

  /** Starts a container that was killed. */
  async startAgain(service: string): Promise<void> {
    await this.#engine(service).start();
  }

  /** Freezes all processes of the container. On a busy kernel this may need a second try. */
  async pause(service: string): Promise<void> {
    await this.#gate(service).shut();
    for (let tries = 1; ; tries++) {
      try {
        return await this.#engine(service).pause();
      } catch (error) {
        if (tries === PAUSE_TRIES || !String(error).includes('unable to freeze')) throw error;
        await setTimeout(200);
      }
    }
  }

  async unpause(service: string): Promise<void> {
    await this.#engine(service).unpause();
    this.#gate(service).open();
  }

  /** What the service logged. */
  async log(service: string): Promise<string> {
    return await logOf(this.#engine(service));
  }

  /** State of each service: `running`, `paused`, `exited` ... */
  async states(): Promise<Record<string, string>> {
    const stateOf = async (service: string) => (await this.#engine(service).inspect()).State.Status;
    const states = this.services.map(async (service) => [service, await stateOf(service)] as const);
    return Object.fromEntries(await Promise.all(states));
  }

  /** Removes everything. */
  async stop(): Promise<void> {
    await removeRig(this.#docker, this.name);
  }

  #container(service: string): StartedTestContainer {
    const container = this.#containers.get(service);
    if (!container) throw new Error(`there is no service "${service}" in this rig`);
    return container;
  }

  #gate(service: string): Gate {
    return this.#gates.get(service)!;
  }

  #engine(service: string) {
    return this.#docker.getContainer(this.#container(service).getId());
  }
}

async function logOf(container: ReturnType<Dockerode['getContainer']>): Promise<string> {
  return textOf(await container.logs({ follow: false, stdout: true, stderr: true }));
}

/** The text of a log in Docker's format: pieces of stdout and stderr, each after an 8-byte header that ends with the piece's length. */
function textOf(log: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    pieces.push(log.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString();
}

async function startAll(docker: Dockerode, rig: string, topology: Topology, signal: AbortSignal) {
  const containers = new Map<string, StartedTestContainer>();
  for (const volume of new Set(topology.services.flatMap(({ volumes }) => volumes).filter(isNamed))) {
    await docker.createVolume({ Name: `${rig}-${volume.split(':')[0]}`, Labels: { [LABEL]: rig } });
  }
  for (const group of startOrder(topology.services)) {
    signal.throwIfAborted();
    const needed = group.flatMap(({ depends_on }) => Object.entries(depends_on));
    const healthy = new Set(needed.filter(([, condition]) => condition === 'service_healthy').map(([name]) => name));
    for (const name of healthy) await waitHealthy(docker, topology, name, containers.get(name)!, signal);
    const start = async (service: Service) => {
      const host = service.network_mode && containers.get(service.network_mode.slice('service:'.length))!.getId();
      containers.set(service.name, await new RoleContainer(docker, rig, service, host).start());
    };
    const results = await Promise.allSettled(group.map(start));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
  return containers;
}

async function waitHealthy(
  docker: Dockerode,
  topology: Topology,
  name: string,
  container: StartedTestContainer,
  signal: AbortSignal,
): Promise<void> {
  const test = topology.services.find((service) => service.name === name)!.healthcheck!;
  const deadline = Date.now() + HEALTHY_MS;
  while (true) {
    // No command can run in a container that has ended
    const result = await container.exec(test).catch(() => undefined);
    if (result?.exitCode === 0) return;
    signal.throwIfAborted();
    if (!result || Date.now() > deadline) {
      const log = await logOf(docker.getContainer(container.getId()));
      const what = result ? `did not become healthy within ${HEALTHY_MS / 1000} s` : 'has ended';
      throw new Error(`${name} ${what}: ${log.trim().split('\n').at(-1)}`);
    }
    await setTimeout(200);
  }
}
