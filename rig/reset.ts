import { setTimeout } from 'node:timers/promises';
import type { Dockerode } from './docker.js';
import { LABEL } from './networks.js';

const TRIES = 40;

/**
 * Removes containers, volumes and networks of one rig, or of all rigs. Returns the number of containers. If something cannot be removed, it
 * removes the rest first and then throws.
 */
export async function removeRig(docker: Dockerode, rig?: string): Promise<number> {
  const failures: unknown[] = [];
  const attempt = (work: Promise<unknown>) => work.catch((error) => failures.push(error));
  const filters = { label: [rig === undefined ? LABEL : `${LABEL}=${rig}`] };
  const containers = await docker.listContainers({ all: true, filters });
  // One by one: older engines lose count of a network's containers if several leave at once
  for (const { Id, State } of containers) {
    if (State === 'paused') await attempt(docker.getContainer(Id).unpause());
    await attempt(docker.getContainer(Id).remove({ force: true, v: true }));
  }
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await attempt(docker.getVolume(Name).remove());
  for (const { Id } of await docker.listNetworks({ filters })) await attempt(removeNetwork(docker, Id));
  if (failures.length > 0) throw failures[0];
  return containers.length;
}

/** A busy engine notices late that a network's containers are gone. */
async function removeNetwork(docker: Dockerode, id: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await docker.getNetwork(id).remove();
      return;
    } catch (error) {
      if (tries === TRIES || !String(error).includes('active endpoints')) throw error;
      await setTimeout(500);
    }
  }
}
