import type { Dockerode } from './docker.js';
import { LABEL } from './networks.js';

/** Removes containers, volumes and networks of one rig, or of all of them. Returns how many containers there were. */
export async function removeRig(docker: Dockerode, rig?: string): Promise<number> {
  const filters = { label: [rig === undefined ? LABEL : `${LABEL}=${rig}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  return containers.length;
}
