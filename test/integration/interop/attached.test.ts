import assert from 'node:assert/strict';
import type { Namespace } from '../../../rig/lab/netns.js';
import { requires } from '../../../rig/lab/requirements.js';
import { startSnoopingSwitch } from '../../../rig/lab/snooping-switch.js';
import { until } from '../../../rig/lab/until.js';
import { startDhclient, startUdhcpc } from '../../support/clients.js';
import { Sniffer } from '../../support/tcpdump.js';
import { Stage, serverSection } from './stage.js';

/** Two links of one server, and a client on each. */
const LINKS = ['a', 'b'].map((name, index) => ({
  name,
  device: `eth${index}`,
  server: `198.18.${index * 8}.1`,
  serverMac: `02:00:00:00:01:0${index + 1}`,
  clientMac: `02:00:00:00:00:0${index + 1}`,
  subnet: { subnet: `198.18.${index * 8}.0/24`, pools: [`198.18.${index * 8}.100-198.18.${index * 8}.120`] },
}));
type Link = (typeof LINKS)[number];

describe('Clients on two links of one server', function () {
  this.timeout(40_000);
  let stage: Stage;
  let clients: Namespace[];

  before(function () {
    requires(this, 'netns', 'mariadb', 'dhclient', 'udhcpc', 'tcpdump');
  });

  beforeEach(() => {
    stage = new Stage();
    clients = LINKS.map(() => stage.campus.host());
  });

  afterEach(async () => {
    await stage.close();
  });

  /** Cables a host to one of the server's interfaces. */
  function attach(link: Link, host: Namespace, device: string, mac?: string): void {
    stage.campus.cable(
      { in: stage.server, name: link.device, mac: link.serverMac, address: `${link.server}/24` },
      { in: host, name: device, ...(mac ? { mac } : {}) },
    );
  }

  function start(listen: Record<string, unknown>[]): Promise<void> {
    return stage.start(
      serverSection(
        LINKS.map(({ subnet }) => subnet),
        { listen },
      ),
    );
  }

  it('each is answered on its own link, by the address of that link, at the same time', async () => {
    for (const [index, link] of LINKS.entries()) attach(link, clients[index]!, 'eth0', link.clientMac);
    await start(LINKS.map(({ device }) => ({ interface: device })));
    const sniffers = await Promise.all(clients.map((host) => Sniffer.start(host, 'eth0', 'udp and dst port 68', 'in')));
    const programs = [startUdhcpc(clients[0]!, 'eth0'), startDhclient(clients[1]!, 'eth0')];
    const bound = await Promise.all(programs.map((program) => program.waitFor('bound')));
    const frames = await Promise.all(sniffers.map((sniffer) => sniffer.stop()));
    await Promise.all(programs.map((program) => program.release()));
    for (const [index, link] of LINKS.entries()) {
      const { address, server } = bound[index]!;
      assert.equal(server, link.server);
      assert.match(address!, new RegExp(`^${link.server.replace(/1$/, '1[012]\\d')}$`));
      assert.ok(frames[index]!.length >= 2);
      for (const { sourceMac, source, destination, destinationMac } of frames[index]!) {
        const expected = [link.serverMac, link.server, address, link.clientMac];
        assert.deepEqual([sourceMac, source, destination, destinationMac], expected);
      }
      await stage.waitForEvents('released', link.clientMac);
      const history = await stage.history('ip', address!);
      assert.deepEqual(
        history.map(({ mac, endReason, evidence }) => ({ mac, endReason, evidence })),
        [{ mac: link.clientMac, endReason: 'released', evidence: 'none' }],
      );
    }
  });

  describe('behind switches that put Option 82 in and leave giaddr 0', () => {
    beforeEach(async () => {
      for (const [index, link] of LINKS.entries()) {
        const sw = stage.campus.host();
        attach(link, sw, 'up0');
        stage.campus.cable({ in: sw, name: 'port1' }, { in: clients[index]!, name: 'eth0', mac: link.clientMac });
        const ports = { port1: `${link.name}/1` };
        await startSnoopingSwitch(sw, { uplink: 'up0', remoteId: `sw-${link.name}`, ports });
      }
    });

    it('with snooping on both links each is leased on its switch and port', async () => {
      await start(LINKS.map(({ device }) => ({ interface: device, snooping: true })));
      const programs = [startUdhcpc(clients[0]!, 'eth0'), startUdhcpc(clients[1]!, 'eth0', ['-B'])];
      const bound = await Promise.all(programs.map((program) => program.waitFor('bound')));
      for (const [index, link] of LINKS.entries()) {
        const [stay] = await stage.history('mac', link.clientMac);
        assert.equal(bound[index]!.server, link.server);
        assert.equal(stay!.ip, bound[index]!.address);
        assert.equal(stay!.evidence, 'observed');
        assert.deepEqual([stay!.switchName, stay!.portName], [`sw-${link.name}`, `${link.name}/1`]);
        const [event] = await stage.events('mac', link.clientMac);
        assert.equal(event!.giaddr, null);
      }
    });

    it('without snooping on a link such requests are dropped and counted there, and only there', async () => {
      const [a, b] = LINKS as [Link, Link];
      await start([
        { interface: a.device, snooping: true },
        { address: b.server, snooping: false },
      ]);
      const sniffer = await Sniffer.start(clients[1]!, 'eth0', 'udp and dst port 68', 'in');
      const refused = startUdhcpc(clients[1]!, 'eth0');
      const dropped = async () => (await stage.status()).drops['option-82-without-relay'] ?? 0;
      const udhcpc = startUdhcpc(clients[0]!, 'eth0');
      await udhcpc.waitFor('bound');
      await until('three requests dropped', async () => (await dropped()) >= 3);
      await refused.kill();
      assert.deepEqual(await sniffer.stop(), []);
      assert.deepEqual(await stage.events('mac', b.clientMac), []);
      assert.deepEqual(
        (await stage.events('mac', a.clientMac)).map(({ kind }) => kind),
        ['granted'],
      );
      assert.deepEqual(Object.keys((await stage.status()).drops), ['option-82-without-relay']);
      assert.match(stage.serverLog, /request-dropped: .*option-82-without-relay/);
    });
  });
});
