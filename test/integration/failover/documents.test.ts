import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Campus } from '../../../rig/lab/netns.js';
import { type ConfigDocument, Installation } from '../../../rig/lab/processes.js';
import { programPath, requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { example as exampleOf } from '../../support/pages.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const example = (name: string): string => exampleOf('docs/failover.md', name);

describe('The failover pair of the documents', function () {
  this.timeout(60_000);
  let campus: Campus;
  const folders: string[] = [];

  before(function () {
    requires(this, 'netns', 'dhcpd');
    campus = new Campus();
  });

  after(async () => {
    await campus?.remove();
    for (const folder of folders) removeTempDir(folder);
  });

  function folder(): string {
    folders.push(makeTempDir());
    return folders.at(-1)!;
  }

  async function reachesNormal(installation: Installation): Promise<void> {
    const text = await until(
      'normal on both sides',
      async () => {
        const { stdout } = await installation.run('here', 'failover', 'status');
        return /^this server +normal since/m.test(stdout) && /^partner +normal since/m.test(stdout) && stdout;
      },
      { withinMs: 30_000, detail: () => installation.configFile },
    );
    assert.match(text, /^relationship +campus \(primary, mclt 600 s\)$/m);
    assert.match(text, /^connection +up, last contact \d+ s ago$/m);
    assert.match(text, /^clock +(no difference|1 s (ahead of|behind) the partner's)$/m);
    assert.match(text, /^pool +198\.18\.16\.0-198\.18\.250\.255: \d+ free for the primary, \d+ for the secondary$/m);
  }

  it('reaches normal as two Portledgers, and with the dhcpd that it shows in place of the secondary', async () => {
    const middle = campus.switch();
    const [one, other] = [campus.host(), campus.host()];
    campus.plug({ in: one, name: 'eth0', address: '198.18.0.2/16' }, middle, 'one');
    campus.plug({ in: other, name: 'eth0', address: '198.18.0.3/16' }, middle, 'other');
    const document = (name: string) => parse(example(name)) as ConfigDocument;
    const primary = new Installation(folder(), document('pair primary'));
    await primary.serve(one);
    const secondary = await new Installation(folder(), document('pair secondary')).serve(other);
    await reachesNormal(primary);
    await secondary.stop();

    const [config, leases] = [join(folder(), 'dhcpd.conf'), join(folder(), 'dhcpd.leases')];
    writeFileSync(config, example('pair dhcpd'));
    writeFileSync(leases, '');
    const files = ['-cf', config, '-lf', leases, '--no-pid'];
    const dhcpd = other.start([programPath('dhcpd')!, '-4', '-f', '-d', ...files, 'eth0']);
    await dhcpd.waitFor(/failover peer campus: I move from recover to/, 30_000);
  });
});
