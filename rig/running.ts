import { type Dockerode, dockerEngine } from './docker.js';
import { LABEL, SERVICE_LABEL } from './networks.js';

/** A container of a campus that runs, or was left. */
export interface Running {
  readonly id: string;
  /** `running`, `paused`, `exited` ... */
  readonly state: string;
}

/** Where compose says what a container is. */
const COMPOSE = { project: 'com.docker.compose.project', service: 'com.docker.compose.service' };

/**
 * The containers of a rig by the name of the service, of one that compose or `npm run rig` started. Throws if there is none, or if none is
 * named and there are several.
 */
export async function runningRig(name: string | undefined): Promise<ReadonlyMap<string, Running>> {
  const rigs = await runningRigs(await dockerEngine());
  const names = [...rigs.keys()].sort();
  if (names.length === 0)
    throw new Error('no campus runs here: start one (docker compose -f rig/compose.yaml up, or npm run rig)');
  if (name === undefined && names.length > 1)
    throw new Error(`several rigs run: say which with --rig (${names.join(', ')})`);
  const rig = rigs.get(name ?? names[0]!);
  if (!rig) throw new Error(`no rig '${name}' runs here: it must be one of ${names.join(', ')}`);
  return rig;
}

/** One of the services of a rig. Throws if there is none of this name. */
export function serviceOf(rig: ReadonlyMap<string, Running>, service: string): Running {
  const found = rig.get(service);
  if (found) return found;
  const kind = service.replace(/-.*/, '');
  const alike = [...rig.keys()].filter((name) => name.startsWith(kind)).sort();
  throw new Error(`this rig has no ${service}: it has ${alike.join(', ') || 'none of the kind'}`);
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
