import type { Campus } from './campus.js';
import { pick } from './roles/random.js';

/** What can happen to a client's machine besides a move to another port. */
const DEEDS = ['release', 'restart'] as const;

/** Makes one client release its lease, or kills its DHCP client; both restart by themselves. The verdict reports a container that has died. */
export async function troubleClient(campus: Campus, clients: number, random: () => number): Promise<string> {
  const service = `client-${1 + Math.floor(random() * clients)}`;
  const deed = pick(DEEDS, random);
  if ((await campus.states())[service] !== 'running') return `${service}: dead`;
  await campus.exec(service, ['rig/roles/client.sh', deed]);
  return `${service}: ${deed}`;
}
