import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startPerfdhcp } from '../../../rig/lab/perfdhcp.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { BulkRelay, macs } from '../../support/bulk-relay.js';
import { option82, TYPE } from '../../support/lab.js';
import { PacketLog } from '../../support/packet-log.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
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
    await pair.reachesReady();
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

  /** The ends of an address's lease that both recorded, each held against what the server told last; `server at` is left out. */
  function endsOf(address: string): string[] {
    return portledgers().flatMap((server) => {
      const events = server.events().filter((event) => event.address === address);
      return events.flatMap(({ kind, leaseEnd }, i) => {
        if (kind !== 'expired') return [];
        const told = events.slice(0, i).findLast((event) => event.kind === 'granted' || event.kind === 'renewed');
        return `${server.name} ${leaseEnd === told?.leaseEnd ? 'as told' : 'otherwise'}`;
      });
    });
  }

  /** Long enough for a second end to be recorded, if one is. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 3000));

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

  it('has both answers of a client that rebinds at both servers, and its end once', async () => {
    await start('portledger', 'portledger', 8);
    const [lease] = await relay.lease(macs(1), SERVERS, { option82: PORT });
    await pair.reachesEqual();
    const rebinds = { mac: lease!.mac, type: TYPE.request, ciaddr: lease!.address, option82: PORT, to: SERVERS };
    const acks = await relay.ask([rebinds]);
    assert.deepEqual(
      acks.map(({ type, server }) => `${type} ${server}`).sort(),
      SERVERS.map((one) => `5 ${one}`),
    );
    await until('the end of the lease', () => endsOf(lease!.address).length > 0, { withinMs: 25_000 });
    await pair.reachesEqual();
    await settled();
    const all = (await eventsOf(lease!.address)).map((event) => event.replace(/ \w+$/, ''));
    assert.deepEqual(all.filter((event) => event.endsWith('renewed')).length, 2, all.join());
    assert.equal(endsOf(lease!.address).length, 1, all.join());
    assert.match(endsOf(lease!.address)[0]!, / as told$/);
    await shipped();
    const stays = await history(lease!.address);
    assert.equal(stays.length, 1);
    assert.deepEqual([stays[0]!.endReason, stays[0]!.endedAt], ['expired', stays[0]!.leaseUntil]);
    await verifies();
  });

  it('has the end of a lease once, of the server that gave it, though that one was down then', async () => {
    await start('portledger', 'portledger', 8);
    const [lease] = await relay.lease(macs(1), SERVERS, { option82: PORT });
    const [granter, other] = both(lease!.server);
    await pair.reachesEqual();
    await granter!.kill();
    await pair.stateOf(other!, 'communications-interrupted');
    const status = async () => (await other!.leases()).get(lease!.address)?.status;
    await until('its end at the other one', async () => (await status()) !== 'active', { withinMs: 25_000 });
    assert.deepEqual(await eventsOf(lease!.address), [`${granter!.name} granted observed`]);
    await granter!.start();
    await pair.reachesNormal();
    await until('the end in the trail', () => endsOf(lease!.address).length > 0, { withinMs: 25_000 });
    await pair.reachesEqual();
    await settled();
    assert.deepEqual(endsOf(lease!.address), [`${granter!.name} as told`]);
    await shipped();
    const stays = await history(lease!.address);
    assert.deepEqual(
      stays.map(({ endReason, endedAt, leaseUntil, events }) => [endReason, endedAt === leaseUntil, events]),
      [['expired', true, 2]],
    );
    await verifies();
  });

  it('has no event of what a server holds for a partner without memory, and that one repeats', async () => {
    await start('portledger', 'portledger', 16);
    const leases = await relay.lease(macs(8), SERVERS, { option82: PORT });
    await pair.reachesEqual();
    const [released, lasting] = leases.filter(({ server }) => server === leases[0]!.server);
    const [granter, other] = both(released!.server);
    const renewed = await relay.extend([released!, lasting!], ({ server }) => server);
    assert.equal(renewed.length, 2);
    await pair.reachesEqual();
    await other!.kill();
    await pair.stateOf(granter!, 'communications-interrupted');
    await relay.release([released!]);
    other!.lose();
    await other!.start();
    const held = async () => (await other!.leases()).get(released!.address)?.status;
    await until('the hold', async () => (await held()) === 'active', { withinMs: 15_000 });
    await pair.reachesNormal();
    await until('the end of both', () => endsOf(lasting!.address).length > 0, { withinMs: 60_000 });
    await until('the end of the hold', async () => (await held()) !== 'active', { withinMs: 60_000 });
    await pair.reachesEqual();
    await settled();
    const kinds = async (address: string) =>
      (await eventsOf(address)).map((event) => event.split(' ').slice(0, 2).join(' '));
    const { name } = granter!;
    assert.deepEqual(await kinds(released!.address), [`${name} granted`, `${name} renewed`, `${name} released`]);
    assert.deepEqual(await kinds(lasting!.address), [`${name} granted`, `${name} renewed`, `${name} expired`]);
    assert.deepEqual(endsOf(lasting!.address), [`${name} as told`]);
    await shipped();
    assert.deepEqual(
      (await history(released!.address)).map(({ endReason, events }) => [endReason, events]),
      [['released', 3]],
    );
    await verifies();
  }).timeout(150_000);

  it('has no port for what a server without memory renews, whose client it had seen elsewhere than its partner knows', async () => {
    await start('portledger', 'portledger', 30);
    const [lease] = await relay.lease(macs(1), SERVERS, { option82: PORT });
    const [granter, other] = both(lease!.server);
    await pair.reachesEqual();
    await relay.extend([lease!], ({ server }) => server);
    await pair.reachesEqual();
    await other!.kill();
    await pair.stateOf(granter!, 'communications-interrupted');
    const reboots = { mac: lease!.mac, type: TYPE.request, requested: lease!.address, to: [lease!.server] };
    const [ack] = await relay.ask([{ ...reboots, option82: option82('Gi1/0/8', 'sw-a') }]);
    assert.equal(ack?.type, TYPE.ack);
    const { name } = granter!;
    await until('the event', async () => (await eventsOf(lease!.address)).at(-1) === `${name} renewed observed`);
    await shipped();
    await granter!.kill();
    granter!.lose();
    await Promise.all(pair.servers.map((server) => server.start()));
    await pair.reachesNormal();
    await pair.reachesEqual();
    await relay.direct({ mac: lease!.mac, type: TYPE.request, ciaddr: lease!.address, to: [lease!.server] });
    await until('the renewal', async () => (await eventsOf(lease!.address)).length > 0);
    assert.deepEqual(await eventsOf(lease!.address), [`${name} renewed none`]);
    await shipped();
    assert.deepEqual(
      (await history(lease!.address)).map(({ portName, endReason }) => [portName, endReason]),
      [
        ['Gi1/0/7', 'moved'],
        ['Gi1/0/8', null],
      ],
    );
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
