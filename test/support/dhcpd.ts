import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath } from '../../rig/lab/requirements.js';

/** Starts ISC dhcpd, to check the tests' own tools against it. Its files are in `folder`. */
export async function startDhcpd(
  host: Namespace,
  folder: string,
  config: string[],
  devices: string[],
): Promise<Program> {
  const [configFile, leaseFile] = [join(folder, 'dhcpd.conf'), join(folder, 'dhcpd.leases')];
  writeFileSync(configFile, `${config.join('\n')}\n`);
  writeFileSync(leaseFile, '');
  const files = ['-cf', configFile, '-lf', leaseFile, '--no-pid'];
  const program = host.start([programPath('dhcpd')!, '-4', '-f', '-d', ...files, ...devices]);
  await program.waitFor(/Server starting service/);
  return program;
}
