// npm run test:nightly [-- PART ...]: the tests that are too long for the gate. Without PART: all parts, one after the other.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../rig/lab/mysqld.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The oldest Node that is supported and the newest release of each later even line. */
const NODES = ['20.19', '22', '24', '26'];

const FAILOVER = ['test/integration/failover/**/*.test.ts', 'test/server/failover/**/*.test.ts'];
const FAULTS = ['crash', 'faults', 'hostile'].map((folder) => `test/integration/${folder}/**/*.test.ts`);
const PROPERTIES = [
  'test/protocol/**/*.test.ts',
  'test/trail/store/*.property.test.ts',
  'test/trail/verify/memory.test.ts',
];

/** Each part: what `--help` says of it, and what it runs. A part returns its exit code. */
const PARTS = {
  ...Object.fromEntries(
    NODES.map((version) => [
      `node-${version}`,
      { about: `npm ci, the demo and the unit tests with Node ${version}`, run: () => testNode(version) },
    ]),
  ),
  failover: { about: 'failover pairs, in namespaces and simulated: all cases', run: () => mocha(FAILOVER) },
  faults: { about: 'crashes, faults and hostile packets, large sizes', run: () => mocha(FAULTS) },
  properties: { about: 'properties of codecs, trail and verify, large sizes', run: () => mocha(PROPERTIES) },
  rig: {
    about: 'ten minutes of the rig with faults',
    run: () => run('rig/engine.sh', ['npm', 'run', 'rig', '--', '--minutes', '10']),
  },
};

/** Runs a command to its end with its output shown. Returns its exit code; 1 if a signal ended it. */
function run(command, args, { cwd = ROOT, env = {} } = {}) {
  const { status } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
  return status ?? 1;
}

function mocha(files) {
  return run('npx', ['--no-install', 'mocha', ...files], {
    env: { PORTLEDGER_SIZE: 'nightly', PORTLEDGER_TEST_BUILT: '1', PORTLEDGER_REQUIRE: 'all' },
  });
}

/** Does what a newcomer with this Node does, in a copy of the files that git knows or does not ignore. */
function testNode(version) {
  const home = nodeHome(version);
  const folder = mkdtempSync(join(tmpdir(), 'portledger-node-'));
  const env = {
    PATH: [join(home, 'bin'), process.env.PATH].join(delimiter),
    // The headers of that Node: SQLite for Node 20 is compiled with them
    npm_config_nodedir: home,
    PORTLEDGER_TEST_BUILT: '1',
  };
  try {
    copySources(folder);
    const units = ['mocha', '--ignore=test/integration/**', '--ignore=test/rig/**'];
    for (const [command, ...args] of [
      ['node', '--version'],
      ['npm', 'ci'],
      ['npm', 'run', 'demo'],
      ['npx', '--no-install', ...units],
    ]) {
      console.log(`== Node ${version}: ${command} ${args.join(' ')}`);
      const code = run(command, args, { cwd: folder, env });
      if (code !== 0) return code;
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder of a Node release, with bin and include, from the package that has its binaries. Installs it if it is not there. */
function nodeHome(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(CACHE, `node-${version}`);
  const home = join(prefix, 'node_modules', name);
  if (!existsSync(join(home, 'bin/node'))) {
    mkdirSync(prefix, { recursive: true });
    const args = [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      `${name}@${version}`,
    ];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return home;
}

function copySources(folder) {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const names = files
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(ROOT, name)));
  const archive = execFileSync('tar', ['-c', '--null', '-T', '-'], {
    cwd: ROOT,
    input: names.join('\0'),
    maxBuffer: 2 ** 30,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

/** The parts to run: all, or those that are named, where `nodes` names one for each Node. Undefined if a name is unknown. */
function choose(names) {
  const chosen = names.flatMap((name) => (name === 'nodes' ? NODES.map((version) => `node-${version}`) : name));
  if (!chosen.every((name) => name in PARTS)) return undefined;
  return chosen.length === 0 ? Object.keys(PARTS) : chosen;
}

function usage() {
  const width = Math.max(...Object.keys(PARTS).map((name) => name.length));
  const lines = Object.entries(PARTS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return [
    'usage: npm run test:nightly [-- PART ...]',
    ...lines,
    `  ${'nodes'.padEnd(width)}  the four parts of Node`,
  ].join('\n');
}

function main(names) {
  const chosen = choose(names);
  if (!chosen) {
    console.log(usage());
    return names.includes('--help') ? 0 : 2;
  }
  if (run('npm', ['run', '--silent', 'build']) !== 0) return 1;
  const results = chosen.map((name) => ({ name, code: PARTS[name].run() }));
  for (const { name, code } of results) console.log(`${name}: ${code === 0 ? 'passed' : `failed (exit code ${code})`}`);
  return Math.max(...results.map(({ code }) => code));
}

process.exitCode = main(process.argv.slice(2));
