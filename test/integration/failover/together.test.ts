import assert from 'node:assert/strict';
import { join } from 'node:path';
import { runPerfdhcp } from '../../../rig/lab/perfdhcp.js';
import { requires } from '../../../rig/lab/requirements.js';
import { BulkRelay, macs } from '../../support/bulk-relay.js';
import { startDhclient, startUdhcpc } from '../../support/clients.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { TsharkCapture } from './capture.js';
import { Pair, type Program } from './pair.js';

const PAIRS: [Program, Program][] = [
  ['portledger', 'portledger'],
  ['portledger', 'dhcpd'],
  ['dhcpd', 'portledger'],
];
const RELAY = '198.18.0.9';
const SERVERS = ['198.18.0.2', '198.18.0.3'];

for (const [primary, secondary] of PAIRS) {
  describe(`${primary} as primary and ${secondary} as secondary`, function () {
    this.timeout(120_000);
    let pair: Pair;
    let folder: string;
    let capture: TsharkCapture;

    before(async function () {
      requires(this, 'netns', 'dhcpd', 'dhclient', 'udhcpc', 'perfdhcp', 'tshark');
      folder = makeTempDir();
      pair = new Pair(primary, secondary);
      capture = await TsharkCapture.start(pair.hosts[0], 'eth1', join(folder, 'failover.pcap'));
      await pair.start();
    });

    after(async () => {
      await pair?.close();
      if (folder) removeTempDir(folder);
    });

    it('come from an empty start to normal, each with half of the addresses', async () => {
      await pair.reachesReady();
      const statuses = [...(await pair.primary.leases()).values()].map(({ status }) => status);
      const backup = statuses.filter((status) => status === 'backup').length;
      assert.ok(Math.abs(backup - 255) <= 1, `${backup} of 510 are the secondary's`);
    });

    it('lease to 200 clients, each server its share, for mclt at first, and for the full time later', async () => {
      const relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
      const leases = await relay.lease(macs(160), SERVERS);
      assert.equal(leases.length, 160);
      assert.deepEqual([...new Set(leases.map(({ seconds }) => seconds))], [6]);
      for (const server of SERVERS) {
        const share = leases.filter((lease) => lease.server === server).length;
        assert.ok(share > 50, `${share} of 160 clients were answered by ${server}`);
      }
      assert.equal(new Set(leases.map(({ address }) => address)).size, 160);
      await pair.reachesEqual();
      const renewed = await relay.extend(leases, ({ server }) => server);
      assert.equal(renewed.length, 160);
      assert.deepEqual([...new Set(renewed.map(({ seconds }) => seconds))], [40]);
      await pair.reachesEqual();
      await relay.release(leases.slice(0, 80));
      await pair.reachesEqual();
      const active = [...(await pair.primary.leases()).values()].filter(({ status }) => status === 'active');
      assert.equal(active.length, 80);
    });

    it('serve dhclient, udhcpc and perfdhcp', async () => {
      const load = await runPerfdhcp(pair.client('198.18.0.8/16'), {
        server: '255.255.255.255',
        rate: 40,
        seconds: 2,
        clients: 36,
        flags: ['-B', '-l', 'eth0'],
      });
      assert.equal(load.requestAck.drops, 0, load.output);
      assert.ok(load.requestAck.received >= 60, load.output);
      const dhclient = startDhclient(pair.client(), 'eth0');
      const udhcpc = startUdhcpc(pair.client(), 'eth0');
      for (const client of [dhclient, udhcpc]) await client.waitFor('bound', { withinMs: 30_000 });
      // The first lease lasts mclt: both have to come back for more
      for (const client of [dhclient, udhcpc]) await client.waitFor('renew', { withinMs: 15_000 });
      await pair.reachesEqual();
      for (const client of [dhclient, udhcpc]) await client.release();
      await pair.reachesEqual();
    });

    it('without a rejected update, and without a message that tshark finds malformed', async () => {
      for (const { log } of pair.servers) assert.doesNotMatch(log, /bind update on .* rejected|xid mismatch/);
      for (const { log } of pair.servers) {
        assert.doesNotMatch(log, /failover-(update-rejected|update-refused|broken-message|pools-differ)/);
      }
      const messages = await capture.stop();
      assert.ok(messages.length > 1000, `${messages.length} messages`);
      assert.deepEqual(
        messages.filter(({ malformed }) => malformed),
        [],
      );
      for (const type of ['BNDUPD', 'BNDACK', 'CONNECT', 'CONNECTACK', 'STATE', 'UPDREQALL', 'UPDDONE']) {
        assert.ok(
          messages.some((message) => message.types.includes(type)),
          type,
        );
      }
    });
  });
}
