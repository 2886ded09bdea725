// Small helpers for a campus that compose or `npm run rig` started: npm run rig:image, rig:leases, rig:restart, rig:reset. Exit codes: 0 done,
// 2 wrong usage, 3 failed.
import { Command, InvalidArgumentError } from 'commander';
import { dockerEngine } from './docker.js';
import { buildImage, IMAGE } from './image/image.js';
import { removeRig } from './reset.js';
import { type Running, runningRig, serviceOf } from './running.js';

const FAILED = 3;

async function leases({ rig }: { rig?: string }): Promise<void> {
  const running = await runningRig(rig);
  for (const name of ['serve-a', 'serve-b']) {
    const server = serviceOf(running, name);
    console.log(`== ${name} of ${running.name}${server.state === 'running' ? '' : ` is ${server.state}`}`);
    // No command can start in a container that is paused or has ended
    if (server.state !== 'running' || !(await listLeases(server))) process.exitCode = FAILED;
  }
}

/** Prints a server's leases. False if the server did not answer. */
async function listLeases({ id }: Running): Promise<boolean> {
  const docker = await dockerEngine();
  const Cmd = ['rig/roles/portledger.sh', 'leases'];
  const exec = await docker.getContainer(id).exec({ Cmd, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  docker.modem.demuxStream(stream, process.stdout, process.stderr);
  await new Promise((resolve) => stream.once('end', resolve));
  return (await exec.inspect()).ExitCode === 0;
}

async function restart(client: string, { rig }: { rig?: string }): Promise<void> {
  const service = `client-${client}`;
  const running = await runningRig(rig);
  await (await dockerEngine()).getContainer(serviceOf(running, service).id).restart({ t: 0 });
  console.log(`${service} of ${running.name} started anew`);
}

async function reset(): Promise<void> {
  console.log(`${await removeRig(await dockerEngine())} containers removed, with their networks and volumes`);
}

async function image(): Promise<void> {
  await dockerEngine();
  await buildImage(console.error);
  console.log(`image ${IMAGE} is up to date`);
}

function clientNumber(text: string): string {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return text;
}

const NAME = 'npm run rig:';
const RIG = ['--rig <name>', 'which one, if several run'] as const;
const program = new Command(NAME)
  .configureHelp({
    commandUsage: (command) =>
      command.parent ? `${NAME}${command.name()} -- ${command.usage()}` : `${NAME}<command> [-- options]`,
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
const command = (name: string, what: string) => program.command(name).description(what);
command('image', 'build the image of all roles from this working copy').action(image);
command('leases', 'active leases of both servers')
  .option(...RIG)
  .action(leases);
command('restart', 'start the machine of a client anew')
  .argument('<client>', 'its number', clientNumber)
  .option(...RIG)
  .action(restart);
command('reset', 'remove all rigs that run or were left').action(reset);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = FAILED;
}
