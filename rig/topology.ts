import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { RigOptions } from './options.js';

/** The keys of a compose.yaml service that the rig uses. */
export interface Service {
  readonly name: string;
  readonly image: string;
  readonly command: string[];
  readonly environment: Record<string, string>;
  readonly cap_add: string[];
  readonly devices: string[];
  readonly sysctls: Record<string, string>;
  /** Network to address; undefined: any. */
  readonly networks: Record<string, string | undefined>;
  /** `service:NAME`: shares that service's network. */
  readonly network_mode: string | undefined;
  readonly volumes: string[];
  /** Services that must have been started, or be healthy. */
  readonly depends_on: Record<string, 'service_started' | 'service_healthy'>;
  /** A command that exits with 0 if the service is healthy. */
  readonly healthcheck: string[] | undefined;
}

export interface Topology {
  readonly services: Service[];
  /** Network to subnet and the host's address in it. */
  readonly networks: Record<string, { subnet: string; gateway: string }>;
}

// biome-ignore lint/suspicious/noExplicitAny: parsed YAML can be anything; it is read key by key
type Raw = any;

const FILE = fileURLToPath(new URL('compose.yaml', import.meta.url));

/** Reads compose.yaml and makes a campus like it, with the given numbers of clients and switches, in the /24 that starts with `net`. */
export function readTopology(options: RigOptions, net: string): Topology {
  const environment: Record<string, string> = {
    ...process.env,
    RIG_NET: net,
    RIG_CLIENTS: String(options.clients),
    RIG_SWITCHES: String(options.switches),
    RIG_PORTS: String(options.ports),
    RIG_SEED: String(options.seed),
    RIG_INTERVAL: String(options.interval),
  };
  const raw: Raw = parse(interpolate(readFileSync(FILE, 'utf8'), environment), { merge: true, maxAliasCount: -1 });
  const services = Object.entries(raw.services).map(([name, service]) => readService(name, service));
  const networks = Object.entries(raw.networks).map(([name, { ipam }]: [string, Raw]) => [name, ipam.config[0]]);
  return { services: scaled(services, options), networks: Object.fromEntries(networks) };
}

/** `${NAME:-default}` and `${NAME}`, as compose replaces them. */
function interpolate(text: string, environment: Record<string, string | undefined>): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name, fallback) => environment[name] || (fallback ?? ''));
}

function readService(name: string, raw: Raw): Service {
  const networks = Array.isArray(raw.networks)
    ? raw.networks.map((network: string) => [network, {}])
    : entries(raw.networks);
  const needed = Array.isArray(raw.depends_on)
    ? raw.depends_on.map((service: string) => [service, { condition: 'service_started' }])
    : entries(raw.depends_on);
  return {
    name,
    image: raw.image,
    command: raw.command,
    environment: Object.fromEntries(entries(raw.environment).map(([key, value]) => [key, String(value)])),
    cap_add: raw.cap_add ?? [],
    devices: raw.devices ?? [],
    sysctls: raw.sysctls ?? {},
    networks: Object.fromEntries(networks.map(([network, value]: [string, Raw]) => [network, value?.ipv4_address])),
    network_mode: raw.network_mode,
    volumes: raw.volumes ?? [],
    depends_on: Object.fromEntries(needed.map(([service, { condition }]: [string, Raw]) => [service, condition])),
    healthcheck: raw.healthcheck?.test.slice(1),
  };
}

function entries(raw: Raw): [string, Raw][] {
  return Object.entries(raw ?? {});
}

/** Makes the given numbers of clients and switches, each like the first. */
function scaled(services: Service[], { clients, switches }: RigOptions): Service[] {
  const others = services
    .filter(({ name }) => !/^(client|switch)-\d+$/.test(name))
    .map((service) => {
      const depends_on = Object.fromEntries(
        Object.entries(service.depends_on).filter(([name]) => !name.startsWith('switch-')),
      );
      return { ...service, depends_on };
    });
  const copies = (kind: string, count: number, variable: string) => {
    const first = services.find(({ name }) => name === `${kind}-1`)!;
    return Array.from({ length: count }, (_, i) => ({
      ...first,
      name: `${kind}-${i + 1}`,
      environment: { ...first.environment, [variable]: String(i + 1) },
    }));
  };
  return [...copies('switch', switches, 'RIG_SWITCH'), ...others, ...copies('client', clients, 'RIG_CLIENT')];
}

/** The services in groups: each needs only services of the groups before it. */
export function startOrder(services: readonly Service[]): Service[][] {
  const groups: Service[][] = [];
  const started = new Set<string>();
  while (started.size < services.length) {
    const group = services.filter(
      ({ name, depends_on }) => !started.has(name) && Object.keys(depends_on).every((other) => started.has(other)),
    );
    if (group.length === 0) throw new Error('compose.yaml: depends_on is circular');
    for (const { name } of group) started.add(name);
    groups.push(group);
  }
  return groups;
}
