import assert from 'node:assert/strict';
import { join } from 'node:path';
import { BulkRelay, macs } from '../../support/bulk-relay.js';
import { option82, TYPE } from '../../support/lab.js';
import { PacketLog } from '../../support/packet-log.js';
import { startPerfdhcp } from '../../support/perfdhcp.js';
import { requires } from '../../support/requirements.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { until } from '../../support/until.js';
import { Pair, type Program } from './pair.js';
import type { PortledgerServer } from './portledger.js';

const RELAY = '198.18.0.9';
const SERVERS = ['198.18.0.2', '198.18.0.3'];
const PORT = option82('Gi1/0/7', 'sw-a');

/** A row of `report ... -o json`, as far as these tests look at it. */
interface Stay {
  switchName: string | null;
  portName: string | null;
  mac: string;
  endReason: string | null;
  endedAt: string | null;
  leaseUntil: string;
  evidence: string;
  events: number;
}

describe('The trail of a pair', function () {
  this.timeout(90_000);
  let folder: string;
  let pair: Pair;
  let relay: BulkRelay;

  async function start(primary: Program, secondary: Program, leaseTime: number): Promise<void> {
    folder = makeTempDir();
    pair = new Pair(primary, secondary, { mclt: 5, leaseTime }, `sqlite:${join(folder, 'audit.db')}`);
    relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
    await pair.start();
    await pair.reachesNormal();
    await pair.reachesEqual();
  }

  beforeEach(function () {
    requires(this, 'netns', 'dhcpd', 'perfdhcp', 'tcpdump');
  });

  afterEach(async () => {
    await pair?.close();
    if (folder) removeTempDir(folder);
  });

  const portledgers = () => pair.servers.filter(({ program }) => program === 'portledger') as PortledgerServer[];

  /** The server with this address, and the other one. */
  const both = (address: string) => (address === SERVERS[0] ? [...pair.servers] : [...pair.servers].reverse());

  async function shipped(): Promise<void> {
    for (const server of portledgers()) await server.ship();
  }

  /** What both servers recorded of an address, by server, oldest first. */
  async function eventsOf(address: string): Promise<string[]> {
    return portledgers().flatMap((server) =>
      server
        .events()
        .filter((event) => event.address === address)
        .map(({ kind, evidence }) => `${server.name} ${kind} ${evidence}`),
    );
  }

  async function history(address: string): Promise<Stay[]> {
    return (await portledgers()[0]!.installation.report('here', 'ip', address)) as unknown as Stay[];
  }

  async function verifies(): Promise<void> {
    const { code, stdout, stderr } = await portledgers()[0]!.installation.run('here', 'verify');
    assert.equal(code, 0, stdout + stderr);
  }

  it('is one history of a lease that one grants, the other renews by unicast, and that runs out', async () => {
    await start('portledger', 'portledger', 8);
    const [lease] = await relay.lease(macs(1), SERVERS, { option82: PORT });
    const [granter, other] = both(lease!.server);
    const otherAddress = SERVERS.find((address) => address !== lease!.server)!;
    await pair.reachesEqual();
    // By unicast: past no relay, so that nothing but the partner tells the port
    await relay.direct({ mac: lease!.mac, type: TYPE.request, ciaddr: lease!.address, to: [otherAddress] });
    const all = [
      `${granter!.name} granted observed`,
      `${other!.name} renewed carried`,
      `${other!.name} expired carried`,
    ];
    await until('the end of the lease', async () => (await eventsOf(lease!.address)).length >= 3, { withinMs: 25_000 });
    await pair.reachesEqual();
    assert.deepEqual((await eventsOf(lease!.address)).sort(), all.sort());
    await shipped();
    const stays = await history(lease!.address);
    assert.equal(stays.length, 1);
    const [stay] = stays;
    assert.deepEqual(
      [stay!.switchName, stay!.portName, stay!.endReason, stay!.evidence, stay!.events],
      ['sw-a', 'Gi1/0/7', 'expired', 'observed', 3],
    );
    assert.equal(stay!.endedAt, stay!.leaseUntil);
    await verifies();
  });

  it('has a release once, whichever server got it, and the next client after it', async () => {
    await start('portledger', 'portledger', 30);
    const leases = await relay.lease(macs(6), SERVERS, { option82: PORT });
    await pair.reachesEqual();
    const elsewhere = leases.map((lease) => ({
      ...lease,
      server: SERVERS.find((address) => address !== lease.server)!,
    }));
    await relay.release(elsewhere);
    await pair.reachesEqual();
    for (const { address, server } of elsewhere) {
      const [releaser, granter] = both(server);
      const expected = [`${granter!.name} granted observed`, `${releaser!.name} released carried`];
      assert.deepEqual((await eventsOf(address)).sort(), expected.sort());
    }
    await shipped();
    for (const { address } of elsewhere) {
      assert.deepEqual(
        (await history(address)).map(({ endReason, events }) => [endReason, events]),
        [['released', 2]],
      );
    }
    await verifies();
  });

  it('has a declined address once, which neither server gives again', async () => {
    await start('portledger', 'portledger', 30);
    const [lease] = await relay.lease(macs(1), SERVERS, { option82: PORT });
    await pair.reachesEqual();
    const [granter] = both(lease!.server);
    const declined = { mac: lease!.mac, type: TYPE.decline, requested: lease!.address, serverId: lease!.server };
    await relay.ask([{ ...declined, to: SERVERS }], 0);
    await pair.reachesEqual();
    assert.equal((await pair.secondary.leases()).get(lease!.address)?.status, 'abandoned');
    const expected = [`${granter!.name} granted observed`, `${granter!.name} declined carried`];
    assert.deepEqual(await eventsOf(lease!.address), expected);
    const others = await relay.lease(macs(20, 100), SERVERS);
    assert.ok(others.length === 20 && others.every(({ address }) => address !== lease!.address));
  });

  it('has one stay at a time of a client that takes another address at the other server', async () => {
    await start('portledger', 'portledger', 30);
    const [mac] = macs(1);
    const [lease] = await relay.lease([mac!], SERVERS, { option82: PORT });
    const [granter, other] = both(lease!.server);
    const otherAddress = SERVERS.find((address) => address !== lease!.server)!;
    await pair.reachesEqual();
    // Only the other server is there to hear it, and it has waited for long
    const wished = lease!.server === SERVERS[0] ? '198.18.16.9' : '198.18.17.200';
    const taken = { mac: mac!, type: TYPE.request, requested: wished, serverId: otherAddress, to: [otherAddress] };
    const [ack] = await relay.ask([{ ...taken, option82: option82('Gi1/0/8', 'sw-a') }]);
    assert.deepEqual([ack?.type, ack?.address], [TYPE.ack, wished]);
    await pair.reachesEqual();
    assert.deepEqual(
      (await eventsOf(lease!.address)).sort(),
      [`${granter!.name} granted observed`, `${other!.name} revoked carried`].sort(),
    );
    await shipped();
    const stays = await portledgers()[0]!.installation.report('here', 'mac', mac!.replace(/..(?=.)/g, '$&:'));
    assert.deepEqual(
      stays.map(({ ip }) => ip),
      [lease!.address, wished],
    );
    assert.deepEqual([stays[0]!.endReason, stays[0]!.endedAt], ['revoked', stays[1]!.firstSeen]);
    await verifies();
  });

  it('goes on without evidence where an ISC dhcpd has renewed in between', async () => {
    await start('portledger', 'dhcpd', 30);
    const leases = await relay.lease(macs(6), SERVERS, { option82: PORT });
    const own = leases.find(({ server }) => server === SERVERS[0])!;
    await pair.reachesEqual();
    const [seen] = await relay.extend([own], () => SERVERS[1]!);
    assert.equal(seen!.server, SERVERS[1]);
    await pair.reachesEqual();
    await relay.direct({ mac: own.mac, type: TYPE.request, ciaddr: own.address, to: [SERVERS[0]!] });
    const name = pair.primary.name;
    const all = [`${name} granted observed`, `${name} renewed none`];
    await until('the renewal', async () => (await eventsOf(own.address)).length >= 2);
    assert.deepEqual(await eventsOf(own.address), all);
    await shipped();
    const stays = await history(own.address);
    assert.deepEqual(
      stays.map(({ portName, endReason, events }) => [portName, endReason, events]),
      [['Gi1/0/7', null, 2]],
    );
    await verifies();
  });

  it('has the end of a lease that it gave, although an ISC dhcpd says when that is', async () => {
    await start('dhcpd', 'portledger', 8);
    const leases = await relay.lease(macs(6), SERVERS, { option82: PORT });
    const own = leases.find(({ server }) => server === SERVERS[1])!;
    await until('the end', async () => (await eventsOf(own.address)).length >= 2, { withinMs: 25_000 });
    const { name } = pair.secondary;
    assert.deepEqual(await eventsOf(own.address), [`${name} granted observed`, `${name} expired carried`]);
    await pair.reachesEqual();
    await shipped();
    const [stay] = await history(own.address);
    assert.deepEqual([stay!.endReason, stay!.endedAt], ['expired', stay!.leaseUntil]);
    await verifies();
  });

  it('has every lease that a client was told of, though one server is killed under load', async () => {
    await start('portledger', 'portledger', 60);
    const client = pair.client('198.18.0.8/16');
    const packets = await PacketLog.start(client, 'eth0', folder);
    const load = startPerfdhcp(client, {
      server: '255.255.255.255',
      rate: 60,
      seconds: 5,
      clients: 400,
      flags: ['-B', '-l', 'eth0'],
    });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await pair.primary.kill();
    const { output } = await load.finished;
    const acknowledged = (await packets.stop()).filter(({ type }) => type === TYPE.ack);
    assert.ok(acknowledged.length > 100, `${acknowledged.length} leases\n${output}`);
    await pair.primary.start();
    await pair.reachesNormal();
    await pair.reachesEqual();
    const recorded = new Set(
      portledgers().flatMap((server) => server.events().map(({ xid, address }) => `${xid} ${address}`)),
    );
    for (const { xid, yiaddr } of acknowledged) assert.ok(recorded.has(`${xid} ${yiaddr}`), `${yiaddr} of ${xid}`);
    await shipped();
    await verifies();
  });
});
