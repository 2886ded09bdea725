import { type Dockerode, dockerEngine } from './docker.js';
import { LABEL, SERVICE_LABEL } from './networks.js';

/** A container of a campus, running or left over. */
export interface Running {
  readonly id: string;
  /** `running`, `paused`, `exited` ... */
  readonly state: string;
}

/** A campus: its containers by the service's name. */
export interface RunningRig {
  readonly name: string;
  readonly services: ReadonlyMap<string, Running>;
}

/** Labels that compose gives a container. */
const COMPOSE = { project: 'com.docker.compose.project', service: 'com.docker.compose.service' };

/** Finds a rig that compose or `npm run rig` started. Throws if there is none, or several and no name is given. */
export async function runningRig(name: string | undefined): Promise<RunningRig> {
  const rigs = await runningRigs(await dockerEngine());
  const names = [...rigs.keys()].sort();
  if (names.length === 0)
    throw new Error('no campus runs here: start one (docker compose -f rig/compose.yaml up, or npm run rig)');
  if (name === undefined && names.length > 1)
    throw new Error(`several rigs run: say which with --rig (${names.join(', ')})`);
  const found = name ?? names[0]!;
  const services = rigs.get(found);
  if (!services) throw new Error(`no rig '${name}' runs here: it must be one of ${names.join(', ')}`);
  return { name: found, services };
}

/** Finds a service of a rig. Throws if there is none of this name. */
export function serviceOf({ name: rig, services }: RunningRig, service: string): Running {
  const found = services.get(service);
  if (found) return found;
  const kind = service.replace(/-.*/, '');
  const alike = [...services.keys()].filter((name) => name.startsWith(kind)).sort();
  throw new Error(`rig ${rig} has no ${service}: it has ${alike.join(', ') || 'none of the kind'}`);
}

async function runningRigs(docker: Dockerode): Promise<Map<string, Map<string, Running>>> {
  const rigs = new Map<string, Map<string, Running>>();
  for (const { Id, State, Labels } of await docker.listContainers({ all: true, filters: { label: [LABEL] } })) {
    const rig = Labels[COMPOSE.project] ?? Labels[LABEL];
    const service = Labels[COMPOSE.service] ?? Labels[SERVICE_LABEL];
    if (!rig || !service) continue;
    rigs.set(rig, (rigs.get(rig) ?? new Map()).set(service, { id: Id, state: State }));
  }
  return rigs;
}
