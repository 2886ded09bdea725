// npm run setup: installs the programs that `npm ci` and the tests need, on Debian. Needs no package of node_modules.
import { mysqldCommand, unpackMysql } from '../rig/lab/mysqld.mjs';
import { install, isDebian, isRoot, missingPrograms, packagesOf } from './support/packages.mjs';

/** Lines that say what is missing; none if the tests can all run. */
export function missing() {
  const programs = missingPrograms();
  return [
    ...(programs.length > 0 ? [`programs: ${programs.join(', ')}`] : []),
    ...(mysqldCommand() ? [] : ['a MySQL server']),
  ];
}

function main() {
  const lacking = missing();
  if (lacking.length === 0) {
    console.log('Everything that the tests need is installed.');
    return 0;
  }
  console.log(`Missing ${lacking.join('; ')}`);
  const packages = packagesOf(missingPrograms());
  if (!isDebian()) {
    console.log(
      `Only Debian is known here. Its packages for them: ${packages.join(' ')}; MySQL from MySQL's own site.`,
    );
    return 1;
  }
  if (!isRoot()) {
    console.log('As root, this installs them: sudo npm run setup');
    return 1;
  }
  if (packages.length > 0) {
    console.log(`Installing ${packages.join(' ')}`);
    install(packages);
  }
  if (!mysqldCommand()) {
    console.log('Downloading MySQL, which this Debian does not have, and unpacking it in ~/.cache/portledger');
    unpackMysql();
  }
  console.log('Installed. No service was started.');
  return 0;
}

if (import.meta.filename === process.argv[1]) {
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
