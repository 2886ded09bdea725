import assert from 'node:assert/strict';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { dhcping, startDhclient, startUdhcpc } from '../../support/clients.js';
import { startDhcrelay } from '../../support/relay.js';
import { addRouter, RELAY_ADDRESS } from './routers.js';
import { asReported, assertEnded, assertWithin, now, SERVER_ADDRESS, Stage, serverSection } from './stage.js';

const MAC = '02:00:00:00:00:01';
const GATEWAY = '198.18.16.1';

describe('Clients behind ISC dhcrelay', function () {
  this.timeout(40_000);
  let stage: Stage;
  let client: Namespace;
  let router: Namespace;

  before(function () {
    requires(this, 'netns', 'mariadb', 'dhclient', 'udhcpc', 'dhcping', 'dhcrelay');
  });

  beforeEach(async () => {
    stage = new Stage();
    client = stage.campus.host();
    router = addRouter(stage, [
      { name: 'port7', addresses: [`${GATEWAY}/20`], to: client, peer: { name: 'eth0', mac: MAC } },
    ]);
    const subnet = {
      subnet: '198.18.16.0/20',
      pools: ['198.18.17.0-198.18.19.255'],
      options: { routers: [GATEWAY] },
    };
    await stage.start(serverSection([subnet], { 'renewal-time': '2s' }));
  });

  afterEach(async () => {
    await stage.close();
  });

  const startRelay = (selectLink = false) =>
    startDhcrelay(router, {
      down: ['port7'],
      up: ['up0'],
      servers: [SERVER_ADDRESS],
      addOption82: true,
      ...(selectLink ? { linkSelectionFrom: 'up0' } : {}),
    });

  it('dhclient gets, renews and releases; address, port and device are each asked for and found', async () => {
    await startRelay();
    const asked = now();
    const dhclient = startDhclient(client, 'eth0', { config: ['send host-name "lab-7";'] });
    const { address } = await dhclient.waitFor('bound');
    const bound = now();
    await dhclient.waitFor('renew');
    const renewed = now();
    await dhclient.release();
    await stage.waitForEvents('released', MAC);
    const released = now();

    const history = await stage.history('ip', address!);
    assert.equal(history.length, 1);
    const [stay] = history;
    assert.equal(stay!.switchName, GATEWAY);
    assert.equal(stay!.portName, 'port7');
    assert.equal(stay!.circuitId?.toString(), 'port7');
    assert.equal(stay!.remoteId, null);
    assert.equal(stay!.mac, MAC);
    assert.equal(stay!.hostname, 'lab-7');
    assert.equal(stay!.evidence, 'observed');
    assertWithin('first seen', stay!.firstSeen, asked, bound);
    assertWithin('last seen', stay!.lastSeen, renewed, released);
    assertEnded(stay!, 'released', renewed, released);

    const expected = [asReported(stay!)];
    assert.deepEqual(await stage.report('ip', address!), expected);
    assert.deepEqual(await stage.report('port', GATEWAY, 'port7'), expected);
    assert.deepEqual(await stage.report('mac', MAC), expected);
    const { firstSeen, endedAt } = expected[0]!;
    assert.deepEqual(await stage.report('port', GATEWAY, 'port7', '--at', String(firstSeen)), expected);
    assert.deepEqual(await stage.report('port', GATEWAY, 'port7', '--at', String(endedAt)), []);
  });

  it('a unicast renewal carries the port, and neither it nor the copies of the relay are refused', async () => {
    await startRelay();
    const udhcpc = startUdhcpc(client, 'eth0');
    const { address } = await udhcpc.waitFor('bound');
    udhcpc.renew();
    await udhcpc.waitFor('renew');
    const [first, ...copies] = await stage.waitForEvents('renewed', MAC, 2);
    assert.equal(first!.evidence, 'carried');
    for (const { circuitId } of [first!, ...copies]) assert.equal(circuitId, 'port7');
    await udhcpc.release();
    await stage.waitForEvents('released', MAC);
    assert.equal((await stage.history('ip', address!)).length, 1);
    const { traffic } = await stage.status();
    assert.equal(traffic['naks-sent'], undefined);
    assert.ok(udhcpc.events().every(({ event }) => event !== 'nak'));
  });

  it('dhcping renews and releases across the router', async () => {
    await startRelay();
    const udhcpc = startUdhcpc(client, 'eth0', ['-C']);
    const { address } = await udhcpc.waitFor('bound');
    await udhcpc.kill();
    const started = now();
    const asked = { client: address!, server: SERVER_ADDRESS, mac: MAC };
    const { answered, output } = await dhcping(client, asked);
    assert.equal(answered, true, output);
    await stage.waitForEvents('released', MAC);
    const history = await stage.history('port_name', 'port7');
    assert.equal(history.length, 1);
    assert.equal(history[0]!.ip, address);
    assertEnded(history[0]!, 'released', started, now());
  });

  it("with link selection the address is of the client's network, the switch is the relay's other address", async () => {
    await startRelay(true);
    const udhcpc = startUdhcpc(client, 'eth0');
    const { address } = await udhcpc.waitFor('bound');
    assert.match(address ?? '', /^198\.18\.1[789]\./);
    udhcpc.renew();
    await udhcpc.waitFor('renew');
    await udhcpc.release();
    await stage.waitForEvents('released', MAC);
    const history = await stage.history('mac', MAC);
    assert.equal(history.length, 1);
    assert.equal(history[0]!.switchName, RELAY_ADDRESS);
    assert.equal(history[0]!.portName, 'port7');
    assert.equal(history[0]!.endReason, 'released');
    const [granted] = await stage.events('kind', 'granted');
    assert.equal(granted!.giaddr, RELAY_ADDRESS);
    assert.equal(granted!.linkSelection, GATEWAY);
    assert.equal((await stage.status()).traffic['naks-sent'], undefined);
  });
});
