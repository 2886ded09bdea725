import assert from 'node:assert/strict';
import { Campus, type Namespace } from '../../rig/lab/netns.js';
import { runPerfdhcp } from '../../rig/lab/perfdhcp.js';
import { requires } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';
import { dhcping, startDhclient, startUdhcpc } from './clients.js';
import { startDhcpd } from './dhcpd.js';
import { startDhcrelay } from './relay.js';
import { Sniffer } from './tcpdump.js';
import { makeTempDir, removeTempDir } from './temp.js';

const DHCPD_CONFIG = [
  'default-lease-time 60; max-lease-time 60; ping-check false; authoritative;',
  'if exists agent.circuit-id { log(info, concat("circuit-id ", option agent.circuit-id)); }',
  'subnet 198.18.0.0 netmask 255.255.255.0 { range 198.18.0.100 198.18.0.120; option routers 198.18.0.1; }',
  'subnet 198.18.16.0 netmask 255.255.240.0 { range 198.18.17.0 198.18.19.255; option routers 198.18.16.1; }',
];

describe('The tools of the tests, tried against ISC dhcpd', function () {
  this.timeout(40_000);
  let campus: Campus;
  let folder: string;
  let server: Namespace;
  let client: Namespace;

  before(function () {
    requires(this, 'netns', 'dhcpd');
  });

  beforeEach(() => {
    campus = new Campus();
    folder = makeTempDir();
    server = campus.host();
    client = campus.host();
  });

  afterEach(async () => {
    await campus.remove();
    removeTempDir(folder);
  });

  async function startServer(): Promise<{ output: string }> {
    campus.cable(
      { in: server, name: 'eth0', mac: '02:00:00:00:01:01', address: '198.18.0.1/24' },
      { in: client, name: 'eth0', mac: '02:00:00:00:00:01' },
    );
    return startDhcpd(server, folder, DHCPD_CONFIG, ['eth0']);
  }

  it('dhclient gets and releases an address', async function () {
    requires(this, 'dhclient');
    const dhcpd = await startServer();
    const dhclient = startDhclient(client, 'eth0');
    const bound = await dhclient.waitFor('bound');
    assert.match(bound.address ?? '', /^198\.18\.0\.1[0-2]\d$/);
    assert.equal(bound.server, '198.18.0.1');
    assert.equal(bound.leaseSeconds, 60);
    assert.deepEqual(client.addressesOf('eth0'), [`${bound.address}/24`]);
    await dhclient.release();
    await until('release', () => /DHCPRELEASE of \S+ from 02:00:00:00:00:01/.test(dhcpd.output));
    assert.deepEqual(client.addressesOf('eth0'), []);
  });

  it('udhcpc gets, renews and releases an address', async function () {
    requires(this, 'udhcpc');
    const dhcpd = await startServer();
    const udhcpc = startUdhcpc(client, 'eth0');
    const bound = await udhcpc.waitFor('bound');
    assert.equal(bound.server, '198.18.0.1');
    udhcpc.renew();
    const renewed = await udhcpc.waitFor('renew');
    assert.equal(renewed.address, bound.address);
    await udhcpc.release();
    await until('release', () => /DHCPRELEASE of \S+ from 02:00:00:00:00:01/.test(dhcpd.output));
  });

  it('dhcping is answered by a server, and by no one else', async function () {
    requires(this, 'dhcping');
    await startServer();
    client.addAddress('eth0', '198.18.0.110/24');
    const asked = { client: '198.18.0.110', server: '198.18.0.1', mac: '02:00:00:00:00:01' };
    const { answered, output } = await dhcping(client, { ...asked, inform: true });
    assert.equal(answered, true, output);
    const nobody = await dhcping(client, { ...asked, inform: true, server: '198.18.0.7' });
    assert.equal(nobody.answered, false, nobody.output);
  });

  it('dhcrelay adds the circuit-id of the interface that a client is behind', async function () {
    requires(this, 'dhcrelay', 'udhcpc');
    const relay = campus.host();
    relay.routeBetweenInterfaces();
    campus.cable(
      { in: server, name: 'eth0', address: '198.18.0.1/24' },
      { in: relay, name: 'up0', address: '198.18.0.5/24' },
    );
    campus.cable({ in: relay, name: 'port7', address: '198.18.16.1/20' }, { in: client, name: 'eth0' });
    server.ip('route', 'add', '198.18.16.0/20', 'via', '198.18.0.5');
    const dhcpd = await startDhcpd(server, folder, DHCPD_CONFIG, ['eth0']);
    await startDhcrelay(relay, { down: ['port7'], up: ['up0'], servers: ['198.18.0.1'], addOption82: true });
    const udhcpc = startUdhcpc(client, 'eth0');
    const bound = await udhcpc.waitFor('bound');
    assert.match(bound.address ?? '', /^198\.18\.1[789]\./);
    await dhcpd.waitFor(/circuit-id port7/);
    await udhcpc.kill();
  });

  it('perfdhcp counts its exchanges and the leases that it got', async function () {
    requires(this, 'perfdhcp');
    await startServer();
    server.ip('address', 'add', '198.18.16.1/20', 'dev', 'eth0');
    client.addAddress('eth0', '198.18.16.2/20');
    client.ip('route', 'add', '198.18.0.0/24', 'dev', 'eth0');
    const result = await runPerfdhcp(client, { server: '198.18.0.1', rate: 50, seconds: 2, clients: 40 });
    assert.equal(result.exitCode, 0, result.output);
    assert.ok(result.discoverOffer.sent > 50, result.output);
    assert.equal(result.discoverOffer.received, result.discoverOffer.sent);
    assert.equal(result.requestAck.drops, 0);
    assert.equal(result.requestAck.sent, result.discoverOffer.received);
    assert.equal(result.acknowledged.length, result.requestAck.received);
    assert.equal(new Set(result.acknowledged).size, 40);
  });

  it('tcpdump shows who sent what to whom, and whether its checksum is right', async function () {
    requires(this, 'tcpdump', 'udhcpc');
    await startServer();
    const sniffer = await Sniffer.start(client, 'eth0', 'udp and dst port 68', 'in');
    const udhcpc = startUdhcpc(client, 'eth0');
    const { address } = await udhcpc.waitFor('bound');
    const frames = await sniffer.stop();
    await udhcpc.kill();
    assert.equal(frames.length, 2);
    for (const frame of frames) {
      assert.equal(frame.sourceMac, '02:00:00:00:01:01');
      assert.equal(frame.destinationMac, '02:00:00:00:00:01');
      assert.equal(frame.source, '198.18.0.1');
      assert.equal(frame.destination, address);
      assert.equal(frame.checksumRight, true);
    }
  });
});
