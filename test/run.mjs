// What `npm test` calls: the programs that tests need, the build, every check, then mocha with the arguments given.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mysqldCommand, unpackMysql } from '../rig/lab/mysqld.mjs';
import { canInstall, install, missingPrograms, packagesOf } from './support/packages.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What is checked before the tests, and the script of package.json that does it. */
const CHECKS = [
  ['build', 'build'],
  ['lint', 'lint'],
  ['typecheck', 'typecheck'],
  ['import directions', 'imports'],
];

function provide() {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const packages = packagesOf(missing);
  if (!canInstall()) {
    console.log(`Not installed: ${missing.join(', ')}; tests that need them are skipped.`);
    console.log(`On Debian, as root, this installs them by itself (${packages.join(' ')}).`);
    return;
  }
  console.log(`Installing for the tests: ${packages.join(' ')}`);
  try {
    install(packages);
  } catch (error) {
    console.log(`Could not install them (${error.message}); tests that need them are skipped.`);
  }
}

function provideMysql() {
  if (mysqldCommand()) return;
  if (!canInstall()) {
    console.log('No MySQL server is here (MariaDB is not meant); tests that need one are skipped.');
    console.log('On Debian, as root, this downloads one and unpacks it in node_modules/.cache by itself.');
    return;
  }
  console.log('Unpacking MySQL for the tests in node_modules/.cache');
  try {
    unpackMysql();
  } catch (error) {
    console.log(`Could not get it (${error.message}); tests that need it are skipped.`);
  }
}

/** Runs a command in the project's folder to its end. Returns its exit code; 1 if it did not come to one. */
function runCommand(command, ...args) {
  const env = { ...process.env, PORTLEDGER_TEST_BUILT: '1' };
  const { status } = spawnSync(command, args, { cwd: ROOT, env, stdio: 'inherit' });
  return status ?? 1;
}

/** With a Docker engine, a private one if none answers; without one where that cannot be. All tests, unless the arguments name some. */
function runTests(...args) {
  const isRoot = process.getuid?.() === 0;
  const tests = args.length === 0 ? ['node', 'test/lanes.mjs'] : ['npx', '--no-install', 'mocha', ...args];
  return isRoot ? runCommand('rig/engine.sh', '--if-possible', ...tests) : runCommand(...tests);
}

function main() {
  provide();
  provideMysql();
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
