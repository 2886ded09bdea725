import assert from 'node:assert/strict';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { startUdhcpc, type UdhcpcClient } from '../../support/clients.js';
import { type RelayMode, startDhcrelay } from '../../support/relay.js';
import { NAKS, Sniffer } from '../../support/tcpdump.js';
import { addRouter } from './routers.js';
import { assertEnded, now, SERVER_ADDRESS, Stage, serverSection } from './stage.js';

const MAC = '02:00:00:00:00:01';
/** The relay next to the client: its interface there, and its address between the relays. */
const NEAR = { gateway: '198.18.32.1', port: 'cust7', up: '198.18.33.2' };
/** The relay next to the server. */
const FAR = { gateway: '198.18.33.1', port: 'trunk1' };

/** What the second relay does with the Option 82 of the first, and which port the server is then told of. */
const RECORDED: [RelayMode, string][] = [
  ['append', NEAR.port],
  ['forward', NEAR.port],
  ['replace', FAR.port],
];

describe('Two relays in a row, which are also the routers', function () {
  this.timeout(40_000);
  let stage: Stage;
  let client: Namespace;
  let near: Namespace;
  let far: Namespace;

  before(function () {
    requires(this, 'netns', 'mariadb', 'udhcpc', 'dhcrelay', 'tcpdump');
  });

  beforeEach(async () => {
    stage = new Stage();
    client = stage.campus.host();
    near = stage.campus.host();
    near.routeBetweenInterfaces();
    far = addRouter(stage, [{ name: FAR.port, addresses: [`${FAR.gateway}/24`], to: near, peer: { name: 'up0' } }]);
    near.addAddress('up0', `${NEAR.up}/24`);
    stage.campus.cable(
      { in: near, name: NEAR.port, address: `${NEAR.gateway}/24` },
      { in: client, name: 'eth0', mac: MAC },
    );
    near.ip('route', 'add', 'default', 'via', FAR.gateway);
    far.ip('route', 'add', '198.18.32.0/24', 'via', NEAR.up);
    await stage.start(serverSection([clientSubnet()]));
  });

  afterEach(async () => {
    await stage.close();
  });

  async function startRelays(mode: RelayMode): Promise<void> {
    await startDhcrelay(near, { down: [NEAR.port], up: ['up0'], servers: [FAR.gateway], addOption82: true });
    await startDhcrelay(far, { down: [FAR.port], up: ['up0'], servers: [SERVER_ADDRESS], addOption82: true, mode });
  }

  /** Renews, and waits until every copy that the relays make of it has been answered. */
  async function renew(udhcpc: UdhcpcClient, copies: number): Promise<void> {
    const [renewals, told] = [await renewalsSoFar(), udhcpc.events().length];
    udhcpc.renew();
    await udhcpc.waitFor('renew', { after: told });
    await stage.waitForEvents('renewed', MAC, renewals + 1 + copies);
  }

  async function renewalsSoFar(): Promise<number> {
    return (await stage.events('kind', 'renewed')).length;
  }

  for (const [mode, port] of RECORDED) {
    it(`-m ${mode}: leases are on ${port}, renewals and their copies change nothing and are not refused`, async () => {
      await startRelays(mode);
      const naks = await Sniffer.start(stage.server, 'eth0', NAKS, 'out');
      const started = now();
      const udhcpc = startUdhcpc(client, 'eth0');
      const { address } = await udhcpc.waitFor('bound');
      await renew(udhcpc, 2);
      await renew(udhcpc, 2);
      await udhcpc.release();
      await stage.waitForEvents('released', MAC);

      const history = await stage.history('mac', MAC);
      assert.equal(history.length, 1, JSON.stringify(history));
      const [stay] = history;
      assert.equal(stay!.ip, address);
      assert.equal(stay!.switchName, NEAR.gateway);
      assert.equal(stay!.portName, port);
      assertEnded(stay!, 'released', started, now());
      for (const event of await stage.events('mac', MAC)) {
        assert.equal(event.circuitId, port, `${event.kind} ${event.sequence}`);
        assert.equal(event.giaddr, NEAR.gateway, `${event.kind} ${event.sequence}`);
      }
      assert.deepEqual(await naks.stop(), []);
      assert.equal((await stage.status()).traffic['naks-sent'], undefined);
      assert.deepEqual(
        udhcpc.events().map(({ event }) => event),
        ['deconfig', 'bound', 'renew', 'renew', 'deconfig'],
      );
    });
  }

  it('-m discard: nothing passes', async () => {
    await startRelays('discard');
    const between = await Sniffer.start(far, FAR.port, 'udp and dst port 67', 'in');
    const behind = await Sniffer.start(stage.server, 'eth0', 'udp and port 67', 'inout');
    const udhcpc = startUdhcpc(client, 'eth0');
    await until('three requests at the second relay', () => between.frames().length >= 3);
    await udhcpc.kill();
    assert.deepEqual(await behind.stop(), []);
    assert.deepEqual((await stage.status()).traffic, {});
    assert.deepEqual(await stage.events('mac', MAC), []);
  });
});

function clientSubnet() {
  return { subnet: '198.18.32.0/24', pools: ['198.18.32.100-198.18.32.149'], options: { routers: [NEAR.gateway] } };
}
