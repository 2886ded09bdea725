import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Campus, type Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath, requires } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';
import { makeTempDir } from '../support/temp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * socat on a machine that has no time for it: it makes the interface unless it is there, reads its flags (a new one is down), and a while
 * later writes them back; then it is the real one.
 */
const LATE_SOCAT = `#!/bin/sh
if [ -e /sys/class/net/lan0 ]; then flags=$(cat /sys/class/net/lan0/flags); else ip tuntap add lan0 mode tap && flags=0; fi
sleep 0.5
[ $((flags & 1)) = 1 ] || ip link set lan0 down
echo written
echo $$ > "$(dirname "$0")/pid"
exec ${programPath('socat')} "$@"
`;

describe('The cable of a machine of the rig', () => {
  let lab: Campus;
  let host: Namespace;
  let folder: string;

  before(function () {
    requires(this, 'netns', 'socat');
  });

  beforeEach(() => {
    lab = new Campus();
    host = lab.host();
    folder = makeTempDir();
    writeFileSync(join(folder, 'socat'), LATE_SOCAT, { mode: 0o755 });
  });

  afterEach(async () => {
    await lab.remove();
  });

  /** As in a container, nothing outlives the first process. */
  function plugged(afterwards: string): Program {
    const role = `set -e; . rig/roles/lib.sh; cable lan0 21000 localhost 21001 address 02:00:00:00:00:05 mtu 1400; echo ready; ${afterwards}`;
    const env = { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) };
    return host.start(['unshare', '--pid', '--fork', '--kill-child', 'sh', '-c', role], { cwd: ROOT, env });
  }

  it('is up with its address when the machine is ready, and stays so however late socat writes the flags that it read', async () => {
    const machine = plugged('sleep 60');
    await machine.waitFor(/ready/);
    await machine.waitFor(/written/);
    const link = host.ip('-o', 'link', 'show', 'lan0');
    assert.match(link, /<[A-Z,]*\bUP,LOWER_UP>.* mtu 1400 .*02:00:00:00:00:05/);
  });

  it('is plugged in again when socat ends, and that is said', async () => {
    const machine = plugged(`kill -KILL "$(cat ${join(folder, 'pid')})"; sleep 60`);
    await machine.waitFor(/^cable lan0: socat ended with 137 and is started again$/m);
    const isUp = () => host.ip('-o', 'link', 'show', 'lan0').includes('LOWER_UP');
    await until('plugged cable', () => machine.stdout.split('written').length === 3 && isUp());
  });
});
