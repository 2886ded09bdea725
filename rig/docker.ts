import { getContainerRuntimeClient } from 'testcontainers';

// The reaper of testcontainers needs an image of its own; the rig removes its containers itself.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

/** The Docker Engine API, for what testcontainers lacks: kill, pause, networks with fixed addresses. */
export type Dockerode = Awaited<ReturnType<typeof getContainerRuntimeClient>>['container']['dockerode'];

let docker: Promise<Dockerode> | undefined;

/** Rejects where no engine answers. */
export function dockerEngine(): Promise<Dockerode> {
  docker ??= getContainerRuntimeClient().then(
    ({ container }) => container.dockerode,
    () => {
      throw new Error(
        'no Docker engine answers: start one, or run rig/engine.sh npm run rig, which starts one for the run',
      );
    },
  );
  return docker;
}
