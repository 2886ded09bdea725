import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { startSnoopingSwitch } from '../../../rig/lab/snooping-switch.js';
import { until } from '../../../rig/lab/until.js';
import { type DhcpClient, startDhclient, startUdhcpc, type UdhcpcClient } from '../../support/clients.js';
import { startDhcrelay } from '../../support/relay.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { addRouter } from './routers.js';
import { asReported, assertEnded, assertWithin, now, SERVER_ADDRESS, Stage, serverSection } from './stage.js';

const MAC = '02:00:00:00:00:01';
const LEASE_SECONDS = 40;
const FIVE_PERCENT = (LEASE_SECONDS / 20) * 1_000_000;

describe('A client that is moved to another port 5 % into its lease', function () {
  this.timeout(40_000);
  let stage: Stage;
  let client: Namespace;
  /** A patch panel: the client's cable goes through it to one of two ports. */
  let panel: Namespace;

  before(function () {
    requires(this, 'netns', 'mariadb', 'dhclient', 'udhcpc', 'dhcrelay');
  });

  beforeEach(() => {
    stage = new Stage();
    client = stage.campus.host();
    panel = stage.campus.switch();
    stage.campus.plug({ in: client, name: 'eth0', mac: MAC }, panel, 'client');
  });

  afterEach(async () => {
    await stage.close();
  });

  /** Leads a cable from the port of another host to the panel, where it ends unplugged. */
  function leadToPanel(host: Namespace, port: string, address?: string): void {
    stage.campus.plug({ in: host, name: port, ...(address ? { address } : {}) }, panel, port);
    panel.ip('link', 'set', port, 'down');
  }

  function patch(to: string, from?: string): void {
    if (from) panel.ip('link', 'set', from, 'down');
    panel.ip('link', 'set', to, 'up');
    // A host whose link goes down and up forgets whom it knew there.
    client.ip('neighbour', 'flush', 'dev', 'eth0');
  }

  /** Waits until 5 % of the lease are over, and asserts that not much more is. */
  async function fivePercentLater(granted: number): Promise<void> {
    await until('5 % of the lease', () => now() >= granted + FIVE_PERCENT);
    assert.ok(now() < granted + 2 * FIVE_PERCENT, 'the machine is too slow for this test');
  }

  async function renewUnicast(udhcpc: UdhcpcClient): Promise<void> {
    const told = udhcpc.events().length;
    udhcpc.renew();
    await udhcpc.waitFor('renew', { after: told });
  }

  async function grantedAt(): Promise<number> {
    return (await stage.waitForEvents('granted', MAC))[0]!.at;
  }

  it('between two interfaces of ISC dhcrelay: "moved" at that moment, then a stay on the new port', async () => {
    const router = addRouter(stage, []);
    leadToPanel(router, 'port1', '198.18.16.1/20');
    leadToPanel(router, 'port2', '198.18.16.2/20');
    for (const name of ['all', 'port1', 'port2']) router.run('sysctl', '-qw', `net.ipv4.conf.${name}.rp_filter=0`);
    const pools = ['198.18.17.0-198.18.17.255'];
    const subnet = { subnet: '198.18.16.0/20', pools, options: { routers: ['198.18.16.1'] } };
    await stage.start(serverSection([subnet], { 'lease-time': `${LEASE_SECONDS}s` }));
    const relay = { down: ['port1', 'port2'], up: ['up0'], servers: [SERVER_ADDRESS], addOption82: true };
    await startDhcrelay(router, relay);

    patch('port1');
    const before = startUdhcpc(client, 'eth0');
    const { address } = await before.waitFor('bound');
    await fivePercentLater(await grantedAt());
    await before.kill();
    patch('port2', 'port1');
    router.ip('route', 'add', `${address}/32`, 'dev', 'port2');
    const moving = now();
    const after = startUdhcpc(client, 'eth0');
    assert.equal((await after.waitFor('bound')).address, address);
    const moved = now();
    await renewUnicast(after);
    await stage.waitForEvents('renewed', MAC, 2);
    await after.release();
    await stage.waitForEvents('released', MAC);

    const history = await stage.history('ip', address!);
    const [first, second] = history;
    assert.equal(history.length, 2);
    assert.deepEqual([first!.switchName, first!.portName], ['198.18.16.1', 'port1']);
    assert.deepEqual([second!.switchName, second!.portName], ['198.18.16.2', 'port2']);
    assertEnded(first!, 'moved', moving, moved);
    assert.equal(second!.firstSeen, first!.endedAt);
    assertEnded(second!, 'released', moved, now());
    assert.equal(second!.evidence, 'observed');
    const [, renewal] = (await stage.events('mac', MAC)).filter(({ kind }) => kind === 'renewed');
    assert.equal(renewal!.clientState, 'RENEWING');
    assert.equal(renewal!.evidence, 'carried');
    assert.equal(renewal!.circuitId, 'port2');
    assert.deepEqual(await stage.report('port', '198.18.16.1', 'port1'), [asReported(first!)]);
    assert.deepEqual(await stage.report('port', '198.18.16.2', 'port2'), [asReported(second!)]);
  });

  describe('of a snooping switch', () => {
    let folder: string;

    beforeEach(async () => {
      folder = makeTempDir();
      const sw = stage.campus.host();
      stage.campus.cable({ in: stage.server, name: 'eth0', address: `${SERVER_ADDRESS}/24` }, { in: sw, name: 'up0' });
      leadToPanel(sw, 'port1');
      leadToPanel(sw, 'port2');
      const subnet = { subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.120'] };
      const listen = [{ interface: 'eth0', snooping: true }];
      await stage.start(serverSection([subnet], { 'lease-time': `${LEASE_SECONDS}s`, listen }));
      const ports = { port1: 'Gi1/0/1', port2: 'Gi1/0/2' };
      await startSnoopingSwitch(sw, { uplink: 'up0', remoteId: 'sw-a', ports });
      patch('port1');
    });

    afterEach(() => {
      removeTempDir(folder);
    });

    async function move(before: DhcpClient, restart: () => DhcpClient) {
      const { address } = await before.waitFor('bound');
      await fivePercentLater(await grantedAt());
      await before.kill();
      patch('port2', 'port1');
      const moving = now();
      const after = restart();
      assert.equal((await after.waitFor('bound')).address, address);
      return { address: address!, moving, moved: now() };
    }

    it('a DISCOVER shows the move; a unicast renewal stays on the new port as "carried"', async () => {
      let after: UdhcpcClient | undefined;
      const { address, moving, moved } = await move(startUdhcpc(client, 'eth0'), () => {
        after = startUdhcpc(client, 'eth0');
        return after;
      });
      await renewUnicast(after!);
      const history = await stage.history('ip', address);
      assert.deepEqual(
        history.map(({ switchName, portName, endReason }) => ({ switchName, portName, endReason })),
        [
          { switchName: 'sw-a', portName: 'Gi1/0/1', endReason: 'moved' },
          { switchName: 'sw-a', portName: 'Gi1/0/2', endReason: null },
        ],
      );
      assertEnded(history[0]!, 'moved', moving, moved);
      assert.equal(history[1]!.firstSeen, history[0]!.endedAt);
      assert.equal(history[1]!.remoteId?.toString(), 'sw-a');
      assertWithin('renewal', history[1]!.lastSeen, moved, now());
      assert.deepEqual(
        (await stage.events('mac', MAC)).map(({ kind, evidence, circuitId }) => `${kind} ${evidence} ${circuitId}`),
        ['granted observed Gi1/0/1', 'renewed observed Gi1/0/2', 'renewed carried Gi1/0/2'],
      );
      assert.deepEqual(await stage.report('port', 'sw-a', 'Gi1/0/2'), [asReported(history[1]!)]);
      assert.deepEqual(await stage.report('switch', 'sw-a'), history.map(asReported));
    });

    it('so does an INIT-REBOOT of dhclient, which still knows its lease', async () => {
      const leaseFile = join(folder, 'leases');
      const { address, moving, moved } = await move(startDhclient(client, 'eth0', { leaseFile }), () =>
        startDhclient(client, 'eth0', { leaseFile }),
      );
      const events = await stage.events('ip', address);
      assert.deepEqual(
        events.map(({ kind, clientState, circuitId }) => `${kind} ${clientState} ${circuitId}`),
        ['granted SELECTING Gi1/0/1', 'renewed INIT-REBOOT Gi1/0/2'],
      );
      const [first, second] = await stage.history('mac', MAC);
      assertEnded(first!, 'moved', moving, moved);
      assert.equal(second!.portName, 'Gi1/0/2');
    });
  });
});
