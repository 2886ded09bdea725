// npm test [-- FILE ...]: the build, every check, then all tests, or mocha with the arguments given.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { missing } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Checks before the tests: name and script of package.json. */
const CHECKS = [
  ['build', 'build'],
  ['lint', 'lint'],
  ['typecheck', 'typecheck'],
  ['import directions', 'imports'],
];

/** Says what is missing: tests that need it are skipped, or fail if PORTLEDGER_REQUIRE demands it. */
function reportMissing() {
  const lines = missing();
  if (lines.length > 0) console.log(`Not installed: ${lines.join('; ')}. npm run setup installs it (Debian, root).`);
}

/** Runs a command in the project's folder. Returns its exit code; 1 if a signal ended it. */
function runCommand(command, ...args) {
  const env = { ...process.env, PORTLEDGER_TEST_BUILT: '1' };
  const { status } = spawnSync(command, args, { cwd: ROOT, env, stdio: 'inherit' });
  return status ?? 1;
}

/** Runs all tests, or those that the arguments name. As root it starts a private Docker engine if none answers and dockerd is there. */
function runTests(...args) {
  const isRoot = process.getuid?.() === 0;
  const tests = args.length === 0 ? ['node', 'test/lanes.mjs'] : ['npx', '--no-install', 'mocha', ...args];
  return isRoot ? runCommand('rig/engine.sh', '--if-possible', ...tests) : runCommand(...tests);
}

function main() {
  reportMissing();
  for (const [name, script] of CHECKS) {
    console.log(`== ${name}: npm run ${script}`);
    if (runCommand('npm', 'run', '--silent', script) !== 0) {
      console.log(`Stopped: ${name} failed, so the tests were not run.`);
      return 1;
    }
  }
  return runTests(...process.argv.slice(2));
}

process.exitCode = main();
