import type { Dockerode } from './docker.js';
import { LABEL } from './networks.js';

/** Removes containers, volumes and networks of one rig, or of all of them. Returns how many containers there were. */
export async function removeRig(docker: Dockerode, rig?: string): Promise<number> {
  const label = [rig === undefined ? LABEL : `${LABEL}=${rig}`];
  const containers = await docker.listContainers({ all: true, filters: { label } });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const names = new Set(containers.map(({ Labels }) => Labels[LABEL]!).concat(rig ?? []));
  for (const name of names) await removeVolumes(docker, name);
  for (const { Id } of await docker.listNetworks({ filters: { label } })) await docker.getNetwork(Id).remove();
  return containers.length;
}

/** Volumes that Docker made by their name alone have no label. */
async function removeVolumes(docker: Dockerode, rig: string): Promise<void> {
  const { Volumes } = await docker.listVolumes({ filters: { name: [`${rig}-`] } });
  for (const { Name } of Volumes.filter((volume) => volume.Name.startsWith(`${rig}-`)))
    await docker.getVolume(Name).remove();
}
