import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { dhcping, startDhclient, startUdhcpc } from '../../support/clients.js';
import { NAKS, Sniffer } from '../../support/tcpdump.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { asReported, assertEnded, assertWithin, now, SERVER_ADDRESS, Stage, serverSection } from './stage.js';

const MAC = '02:00:00:00:00:01';
const SERVER_MAC = '02:00:00:00:01:01';
const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

describe("Clients on the server's own link", function () {
  this.timeout(40_000);
  let stage: Stage;
  let client: Namespace;

  before(function () {
    requires(this, 'netns', 'mariadb', 'dhclient', 'udhcpc', 'dhcping', 'tcpdump');
  });

  beforeEach(async () => {
    stage = new Stage();
    client = stage.campus.host();
    stage.campus.cable(
      { in: stage.server, name: 'eth0', mac: SERVER_MAC, address: `${SERVER_ADDRESS}/24` },
      { in: client, name: 'eth0', mac: MAC },
    );
    const subnet = { subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.120'] };
    await stage.start(serverSection([subnet], { 'renewal-time': '2s' }));
  });

  afterEach(async () => {
    await stage.close();
  });

  it('dhclient gets, renews and releases an address, and the trail tells when', async () => {
    const asked = now();
    const dhclient = startDhclient(client, 'eth0', { config: ['send host-name "lab-7";'] });
    const { address } = await dhclient.waitFor('bound');
    const bound = now();
    await dhclient.waitFor('renew');
    const renewed = now();
    await dhclient.release();
    await stage.waitForEvents('released', MAC);
    const released = now();

    const history = await stage.history('mac', MAC);
    assert.equal(history.length, 1);
    const [stay] = history;
    assert.equal(stay!.ip, address);
    assert.equal(stay!.hostname, 'lab-7');
    assert.equal(stay!.server, 'dhcp-a');
    assert.equal(stay!.evidence, 'none');
    assert.equal(stay!.switchName, null);
    assert.equal(stay!.portName, null);
    assertWithin('first seen', stay!.firstSeen, asked, bound);
    assertEnded(stay!, 'released', renewed, released);
    assert.equal(stay!.lastSeen, stay!.endedAt);
    const events = await stage.events('ip', address!);
    assert.deepEqual([...new Set(events.map(({ kind }) => kind))], ['granted', 'renewed', 'released']);
    const renewal = events.find(({ kind }) => kind === 'renewed')!;
    assert.equal(renewal.clientState, 'RENEWING');
    assertWithin('renewal', renewal.at, bound, renewed);
    assert.equal(stay!.leaseUntil, events.findLast(({ kind }) => kind === 'renewed')!.leaseEnd);
    assert.deepEqual(await stage.report('ip', address!), history.map(asReported));
    assert.deepEqual(await stage.report('mac', MAC), history.map(asReported));
    assert.deepEqual(await stage.report('ip', address!, '--from', '2000-01-01', '--to', '2000-01-02'), []);
  });

  it('udhcpc is answered to its hardware address, or by broadcast if it asks for that', async () => {
    const sniffer = await Sniffer.start(client, 'eth0', 'udp and dst port 68', 'in');
    const alone = startUdhcpc(client, 'eth0');
    const { address } = await alone.waitFor('bound');
    const unicast = sniffer.frames();
    alone.renew();
    await alone.waitFor('renew');
    await alone.release();
    await stage.waitForEvents('released', MAC);
    const before = sniffer.frames().length;
    const loud = startUdhcpc(client, 'eth0', ['-B']);
    await loud.waitFor('bound');
    const broadcast = (await sniffer.stop()).slice(before);

    assert.deepEqual(
      unicast.map(({ sourceMac, destinationMac, destination, checksumRight }) => ({
        sourceMac,
        destinationMac,
        destination,
        checksumRight,
      })),
      Array(2).fill({ sourceMac: SERVER_MAC, destinationMac: MAC, destination: address, checksumRight: true }),
    );
    assert.deepEqual(
      broadcast.map(({ destinationMac, destination }) => ({ destinationMac, destination })),
      Array(2).fill({ destinationMac: BROADCAST_MAC, destination: '255.255.255.255' }),
    );
    await loud.release();
    await stage.waitForEvents('released', MAC, 2);
    const history = await stage.history('mac', MAC);
    assert.deepEqual(
      history.map(({ ip, endReason, events }) => ({ ip, endReason, events })),
      [
        { ip: address, endReason: 'released', events: 3 },
        { ip: address, endReason: 'released', events: 2 },
      ],
    );
  });

  it('dhcping renews and releases the lease of its hardware address, and is told options by INFORM', async () => {
    const udhcpc = startUdhcpc(client, 'eth0', ['-C']);
    const { address } = await udhcpc.waitFor('bound');
    await udhcpc.kill();
    const asked = { client: address!, server: SERVER_ADDRESS, mac: MAC };
    const inform = await dhcping(client, { ...asked, inform: true });
    assert.equal(inform.answered, true, inform.output);
    assert.deepEqual(
      (await stage.events('mac', MAC)).map(({ kind }) => kind),
      ['granted'],
    );

    const started = now();
    const renewal = await dhcping(client, asked);
    assert.equal(renewal.answered, true, renewal.output);
    await stage.waitForEvents('released', MAC);
    const [stay] = await stage.history('ip', address!);
    assertEnded(stay!, 'released', started, now());
    assert.deepEqual(
      (await stage.events('mac', MAC)).map(({ kind }) => kind),
      ['granted', 'renewed', 'released'],
    );
  });

  it('a lease that dhclient brings from another network is refused, then it gets one of this network', async () => {
    const folder = makeTempDir();
    try {
      const leaseFile = join(folder, 'leases');
      writeFileSync(leaseFile, FOREIGN_LEASE);
      const naks = await Sniffer.start(client, 'eth0', NAKS, 'in');
      const { address } = await startDhclient(client, 'eth0', { leaseFile }).waitFor('bound');
      assert.match(address!, /^198\.18\.0\.1[012]\d$/);
      const seen = await naks.stop();
      assert.ok(seen.length >= 1);
      for (const { source, destination } of seen)
        assert.deepEqual([source, destination], [SERVER_ADDRESS, '255.255.255.255']);
      const events = await stage.events('mac', MAC);
      assert.deepEqual(
        events.map(({ kind, clientState, ip }) => [kind, clientState, ip]),
        [['granted', 'SELECTING', address]],
      );
      assert.equal((await stage.status()).traffic['naks-sent'], seen.length);
    } finally {
      removeTempDir(folder);
    }
  });
});

const FOREIGN_LEASE = `lease {
  interface "eth0";
  fixed-address 198.18.99.5;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 3600;
  option dhcp-message-type 5;
  option dhcp-server-identifier 198.18.99.1;
  renew 2 2037/01/06 00:00:00;
  rebind 2 2037/01/06 00:00:00;
  expire 2 2037/01/06 00:00:00;
}
`;
