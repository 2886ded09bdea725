// Small helpers for a campus, started by compose or by `npm run rig`: image | leases | restart CLIENT | reset
import { Command } from 'commander';
import { type Dockerode, dockerEngine } from './docker.js';
import { buildImage, IMAGE } from './image/image.js';
import { LABEL } from './networks.js';
import { removeRig } from './reset.js';

interface Found {
  readonly id: string;
  readonly rig: string;
  readonly service: string;
}

/** The containers of all rigs, or of one, by `PROJECT-serve-a-1`, `PROJECT_serve-a_1` or `RIG-serve-a`. */
async function findContainers(docker: Dockerode, rig: string | undefined): Promise<Found[]> {
  const containers = await docker.listContainers({ filters: { label: [LABEL] } });
  const found = containers.flatMap(({ Id, Names }) => {
    const parts = /^\/(.+?)[-_]((?:serve|ship|host|client|switch)-\w+|logger|gateway|permuter)(?:[-_]1)?$/.exec(
      Names[0]!,
    );
    return parts ? [{ id: Id, rig: parts[1]!, service: parts[2]! }] : [];
  });
  const rigs = [...new Set(found.map((container) => container.rig))];
  if (rig === undefined && rigs.length > 1)
    throw new Error(`several rigs run: say which with --rig (${rigs.join(', ')})`);
  return found.filter((container) => rig === undefined || container.rig === rig);
}

async function findService(docker: Dockerode, service: string, rig: string | undefined): Promise<Found> {
  const found = (await findContainers(docker, rig)).find((container) => container.service === service);
  if (!found)
    throw new Error(
      `no ${service} runs here: start a campus first (npm run rig, or docker compose -f rig/compose.yaml up)`,
    );
  return found;
}

async function leases({ rig }: { rig?: string }): Promise<void> {
  const docker = await dockerEngine();
  for (const service of ['serve-a', 'serve-b']) {
    const { id } = await findService(docker, service, rig);
    const Cmd = ['rig/roles/portledger.sh', 'leases'];
    const exec = await docker.getContainer(id).exec({ Cmd, AttachStdout: true, AttachStderr: true });
    console.log(`== ${service}`);
    const stream = await exec.start({});
    docker.modem.demuxStream(stream, process.stdout, process.stderr);
    await new Promise((resolve) => stream.once('end', resolve));
  }
}

async function restart(client: string, { rig }: { rig?: string }): Promise<void> {
  const docker = await dockerEngine();
  const { id, service } = await findService(docker, `client-${client}`, rig);
  await docker.getContainer(id).restart({ t: 0 });
  console.log(`${service} started anew`);
}

async function reset(): Promise<void> {
  console.log(`${await removeRig(await dockerEngine())} containers removed, with their networks and volumes`);
}

async function image(): Promise<void> {
  await dockerEngine();
  await buildImage(console.error);
  console.log(`image ${IMAGE} is up to date`);
}

const program = new Command('npm run rig:');
program.command('image').description('build the image of all roles from this working copy').action(image);
program.command('leases').description('active leases of both servers').option('--rig <name>').action(leases);
program
  .command('restart <client>')
  .description('start the machine of a client anew')
  .option('--rig <name>')
  .action(restart);
program.command('reset').description('remove all rigs that run or were left').action(reset);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 3;
}
