import assert from 'node:assert/strict';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/errors.js';
import { loadConfig } from '../../src/config/load.js';
import { renderReference } from '../../src/config/reference.js';
import { renderCatalogue } from '../../src/operate/log/catalogue.js';
import { DROP_REASONS } from '../../src/server/pipeline/counters.js';
import { blocks, example, readme, section } from '../support/readme.js';

describe('README', () => {
  it('has every configuration key and every log message as the program has it', () => {
    assert.equal(section('configuration'), renderReference().trim());
    assert.equal(section('messages'), renderCatalogue().trim());
  });

  it('may link to the program as it was built, for it can be executed', function () {
    if (process.env.PORTLEDGER_TEST_BUILT !== '1') this.skip();
    accessSync(new URL('../dist/src/apps/cli/main.js', import.meta.url), constants.X_OK);
  });

  it('names every reason for which a request gets no answer', () => {
    for (const reason of DROP_REASONS) assert.ok(readme().includes(`\`${reason}\``), reason);
  });

  it('shows configurations that are valid', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portledger-readme-'));
    writeFileSync(join(folder, 'db-password'), 'shipper-secret\n');
    const [whole] = blocks('yaml');
    const file = join(folder, 'portledger.yaml');
    writeFileSync(file, whole!.replace('/etc/portledger/db-password', './db-password'));
    const config = loadConfig(file);
    assert.equal(config.server?.name, 'dhcp-a');
    assert.equal(config.switches[0]?.name, 'sw-a');
    assert.match(config.audit.url, /^mysql:\/\/portledger:shipper-secret@/);
    rmSync(folder, { recursive: true });
  });

  it('shows a failover pair of which both sides are valid, and mean the same', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portledger-readme-'));
    const [primary, secondary] = ['primary', 'secondary'].map((role) => {
      const file = join(folder, `${role}.yaml`);
      writeFileSync(file, example(`pair ${role}`));
      return loadConfig(file).server!;
    });
    rmSync(folder, { recursive: true });
    const [one, other] = [primary!.failover[0]!, secondary!.failover[0]!];
    assert.deepEqual([one.name, one.address, one.port], [other.name, other.peerAddress, other.peerPort]);
    assert.deepEqual([one.peerAddress, one.peerPort], [other.address, other.port]);
    const pools = (server: typeof primary) => server!.subnets.flatMap((subnet) => subnet.pools);
    assert.deepEqual(pools(primary), pools(secondary));
  });

  it('shows an encrypted trail that needs the certificate it names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portledger-readme-'));
    writeFileSync(join(folder, 'db-password'), 'shipper-secret\n');
    const file = join(folder, 'portledger.yaml');
    const block = blocks('yaml').find((text) => text.includes('tls:'));
    writeFileSync(file, block!.replaceAll('/etc/portledger/', '../'));
    assert.throws(
      () => loadConfig(file),
      (error) => error instanceof ConfigError && error.faults.map(({ path }) => path).join() === 'audit.tls.ca',
    );
    rmSync(folder, { recursive: true });
  });
});
