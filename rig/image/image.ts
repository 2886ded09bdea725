import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Dockerode } from '../docker.js';

export const IMAGE = process.env.RIG_IMAGE || 'portledger-rig';
/** From a registry; and made from Debian packages where none can be reached. */
const REGISTRY_BASE = 'node:20-bookworm-slim';
const DEBIAN_BASE = 'portledger-rig-base';
const PULL_MS = 120_000;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/**
 * Builds the image of the rig from this working copy, for `npm run rig` and for compose. RIG_BASE names the base image; without it, it is
 * the one that was made from Debian packages, else the registry's, else one is made from Debian packages now.
 */
export async function buildImage(say: (line: string) => void): Promise<void> {
  const base = process.env.RIG_BASE || (await findBase(say));
  await compile();
  const files = ['package.json', 'package-lock.json', '.npmrc', 'packaging', 'tsconfig.json', 'rig'];
  // The dependencies of this machine's Node fit into an image that has the same Node; into others npm puts its own.
  const own = base === DEBIAN_BASE ? [...(await dependencies()), 'dist/src', 'dist/rig'] : ['src', 'migrations'];
  await build(base, [...files, ...own]);
}

/** Throws if the engine does not have this image. */
export async function requireImage(docker: Dockerode, image: string): Promise<void> {
  const isHere = await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (!isHere)
    throw new Error(
      `image '${image}', which RIG_IMAGE names, is not here: RIG_IMAGE=${image} npm run rig:image builds it`,
    );
}

async function findBase(say: (line: string) => void): Promise<string> {
  if (await succeeds('docker', ['image', 'inspect', DEBIAN_BASE])) return DEBIAN_BASE;
  if (await succeeds('docker', ['image', 'inspect', REGISTRY_BASE])) return REGISTRY_BASE;
  if (await succeeds('docker', ['pull', '--quiet', REGISTRY_BASE])) return REGISTRY_BASE;
  say(`${REGISTRY_BASE} cannot be pulled: making a base image from Debian packages`);
  await run(fileURLToPath(new URL('debian-base.sh', import.meta.url)), [DEBIAN_BASE]);
  return DEBIAN_BASE;
}

async function compile(): Promise<void> {
  if (process.env.PORTLEDGER_TEST_BUILT !== '1') await run('npm', ['run', 'build'], { cwd: ROOT });
  await run('npx', ['--no-install', 'tsc', '-p', 'rig/tsconfig.json'], { cwd: ROOT });
}

/** Folders of the packages that Portledger needs when it runs. */
async function dependencies(): Promise<string[]> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: ROOT, maxBuffer: 2 ** 24 });
  const folders = stdout.split('\n').map((line) => line.slice(ROOT.length));
  return [...new Set(folders)].filter((folder) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(folder));
}

/** The context is a tar archive in which the dependencies lie under `vendor`. */
async function build(base: string, files: string[]): Promise<void> {
  const tar = spawn('tar', ['-c', '--transform', 's,^node_modules,vendor/node_modules,', ...files], { cwd: ROOT });
  const args = ['build', '-q', '-t', IMAGE, '-f', 'rig/Dockerfile', '--build-arg', `BASE=${base}`, '-'];
  const docker = spawn('docker', args, {
    stdio: [tar.stdout, 'ignore', 'pipe'],
  });
  let talk = '';
  docker.stderr!.on('data', (bytes) => {
    talk += bytes;
  });
  const [code] = await once(docker, 'close');
  if (code !== 0) throw new Error(`docker build ended with ${code}: ${talk.trim()}`);
  // The image that this one took the name of
  await succeeds('docker', ['image', 'prune', '--force', '--filter', 'label=portledger.rig.image=1']);
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  return await run(command, args, { timeout: PULL_MS }).then(
    () => true,
    () => false,
  );
}
