import assert from 'node:assert/strict';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { startDhclient, startUdhcpc } from '../../support/clients.js';
import { startDhcrelay } from '../../support/relay.js';
import { addRouter } from './routers.js';
import { assertEnded, now, SERVER_ADDRESS, Stage, serverSection } from './stage.js';

const macOf = (number: number) => `02:00:00:00:00:0${number}`;

describe('Addresses behind one relay', function () {
  this.timeout(40_000);
  let stage: Stage;
  let router: Namespace;
  /** On one link, each with `eth0` and the hardware address of its number. */
  let hosts: Namespace[];

  before(function () {
    requires(this, 'netns', 'mariadb', 'dhclient', 'udhcpc', 'dhcrelay');
  });

  beforeEach(() => {
    stage = new Stage();
    const link = stage.campus.switch();
    router = addRouter(stage, []);
    stage.campus.plug({ in: router, name: 'port7', address: '198.18.16.1/24' }, link, 'router');
    router.addAddress('port7', '198.18.17.1/24');
    hosts = [1, 2, 3].map((number) => {
      const host = stage.campus.host();
      stage.campus.plug({ in: host, name: 'eth0', mac: macOf(number) }, link, `host${number}`);
      return host;
    });
  });

  afterEach(async () => {
    await stage.close();
  });

  function startRelay() {
    return startDhcrelay(router, { down: ['port7'], up: ['up0'], servers: [SERVER_ADDRESS], addOption82: true });
  }

  it('two subnets share the link: when the first is used up the second serves, and a reservation is kept', async () => {
    const shared = { 'shared-network': 'floor-2' };
    await stage.start(
      serverSection([
        {
          ...shared,
          subnet: '198.18.16.0/24',
          pools: ['198.18.16.100-198.18.16.100'],
          options: { routers: ['198.18.16.1'] },
        },
        {
          ...shared,
          subnet: '198.18.17.0/24',
          pools: ['198.18.17.100-198.18.17.101'],
          options: { routers: ['198.18.17.1'] },
          reservations: [{ mac: macOf(3), address: '198.18.17.100', hostname: 'printer' }],
        },
      ]),
    );
    await startRelay();
    const [one, two] = [startDhclient(hosts[0]!, 'eth0'), startUdhcpc(hosts[1]!, 'eth0')];
    const bound = await Promise.all([one, two].map((client) => client.waitFor('bound')));
    assert.deepEqual(bound.map(({ address }) => address).sort(), ['198.18.16.100', '198.18.17.101']);
    const printer = startUdhcpc(hosts[2]!, 'eth0');
    assert.equal((await printer.waitFor('bound')).address, '198.18.17.100');
    for (const client of [two, printer]) {
      client.renew();
      await client.waitFor('renew');
    }
    await Promise.all([one, two, printer].map((client) => client.release()));
    for (const number of [1, 2, 3]) {
      await stage.waitForEvents('released', macOf(number));
      const history = await stage.history('mac', macOf(number));
      assert.deepEqual(
        history.map(({ ip, switchName, portName, endReason }) => ({ ip, switchName, portName, endReason })),
        [
          {
            ip: number === 3 ? '198.18.17.100' : bound[number - 1]!.address,
            switchName: '198.18.16.1',
            portName: 'port7',
            endReason: 'released',
          },
        ],
      );
    }
    assert.equal((await stage.status()).traffic['naks-sent'], undefined);
  });

  it('a client that loses its power expires at the end of its lease, no sooner and no later', async () => {
    const subnet = { subnet: '198.18.16.0/24', pools: ['198.18.16.100-198.18.16.101'] };
    await stage.start(serverSection([subnet], { 'lease-time': '6s' }));
    await startRelay();
    const udhcpc = startUdhcpc(hosts[0]!, 'eth0');
    const { address } = await udhcpc.waitFor('bound');
    await udhcpc.kill();
    const [open] = await stage.history('ip', address!);
    assert.equal(open!.endedAt, null, 'the lease still runs');
    assert.equal(open!.leaseUntil, open!.firstSeen + 6_000_000);
    const [expired] = await stage.waitForEvents('expired', macOf(1));
    const history = await stage.history('ip', address!);
    assert.equal(history.length, 1);
    assertEnded(history[0]!, 'expired', open!.leaseUntil, open!.leaseUntil);
    assert.equal(history[0]!.endedAt, history[0]!.leaseUntil);
    assert.equal(history[0]!.lastSeen, open!.firstSeen);
    assert.ok(expired!.at >= open!.leaseUntil && expired!.at < open!.leaseUntil + 2_000_000, 'found within 2 s');
    assert.equal(expired!.leaseEnd, open!.leaseUntil);
  });

  it('an address that somebody else uses is declined by udhcpc -a, and given to nobody', async () => {
    const pools = ['198.18.16.100-198.18.16.101'];
    const subnet = { subnet: '198.18.16.0/24', pools, options: { routers: ['198.18.16.1'] } };
    await stage.start(serverSection([subnet], { 'decline-time': '1h' }));
    await startRelay();
    const [, squatter, other] = hosts as [Namespace, Namespace, Namespace];
    squatter.addAddress('eth0', '198.18.16.100/24');
    const started = now();
    const udhcpc = startUdhcpc(hosts[0]!, 'eth0', ['-a', '-r', '198.18.16.100']);
    const { address } = await udhcpc.waitFor('bound');
    assert.equal(address, '198.18.16.101');
    const [declined] = await stage.waitForEvents('declined', macOf(1));
    assert.equal(declined!.ip, '198.18.16.100');
    const history = await stage.history('mac', macOf(1));
    assert.deepEqual(
      history.map(({ ip, portName, endReason }) => ({ ip, portName, endReason })),
      [
        { ip: '198.18.16.100', portName: 'port7', endReason: 'declined' },
        { ip: '198.18.16.101', portName: 'port7', endReason: null },
      ],
    );
    assertEnded(history[0]!, 'declined', started, now());

    const late = startUdhcpc(other, 'eth0', ['-r', '198.18.16.100']);
    await until('no address for a further client', async () => (await stage.status()).drops['pool-exhausted']);
    await udhcpc.release();
    assert.equal((await late.waitFor('bound')).address, '198.18.16.101');
    assert.equal((await stage.history('ip', '198.18.16.100')).length, 1);
  });
});
