import type { Campus } from './campus.js';
import { pick } from './roles/random.js';

/** What happens to a client's machine beside being plugged elsewhere. */
const DEEDS = ['release', 'restart'] as const;

/** Lets one client give its lease back, or crashes its DHCP client; either starts anew by itself. One that has died is left to the verdict. */
export async function troubleClient(campus: Campus, clients: number, random: () => number): Promise<string> {
  const service = `client-${1 + Math.floor(random() * clients)}`;
  const deed = pick(DEEDS, random);
  if ((await campus.states())[service] !== 'running') return `${service}: dead`;
  await campus.exec(service, ['rig/roles/client.sh', deed]);
  return `${service}: ${deed}`;
}
