import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Campus, type Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { requires } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';
import { startDhclient, startUdhcpc } from '../support/clients.js';
import { Sniffer } from '../support/tcpdump.js';
import type { ResponderLine, ResponderOptions } from './responder.js';

const RESPONDER = fileURLToPath(new URL('responder.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SERVER_MAC = ['02:00:00:00:01:00', '02:00:00:00:01:01'];
const CLIENT_MAC = ['02:00:00:00:00:00', '02:00:00:00:00:01'];
const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';
const WITHOUT_RAW = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'];
const WITHOUT_ANY = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'];

class Responder {
  readonly #program: Program;

  constructor(host: Namespace, options: Partial<ResponderOptions>, wrapper: string[] = []) {
    const all = { port: 67, clientPort: 68, endpoints: [{ interface: 'eth0' }, { interface: 'eth1' }], ...options };
    const command = [...wrapper, process.execPath, '--import', 'tsx', RESPONDER, JSON.stringify(all)];
    this.#program = host.start(command, { cwd: ROOT });
  }

  all<K extends string>(key: K): Extract<ResponderLine, Record<K, unknown>>[K][] {
    const lines = this.#program.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line)).flatMap((line) => (key in line ? [line[key]] : []));
  }

  first<K extends string>(key: K): Promise<Extract<ResponderLine, Record<K, unknown>>[K]> {
    return until(`"${key}" line`, () => this.all(key)[0], { detail: () => this.#program.output });
  }
}

describe('Endpoints on two interfaces', function () {
  this.timeout(30_000);
  let campus: Campus;
  let server: Namespace;
  let clients: Namespace[];

  before(function () {
    requires(this, 'netns', 'udhcpc', 'tcpdump');
  });

  beforeEach(() => {
    campus = new Campus();
    server = campus.host();
    clients = [0, 1].map((n) => {
      const client = campus.host();
      campus.cable(
        { in: server, name: `eth${n}`, mac: SERVER_MAC[n]!, address: `198.18.${n}.1/24` },
        { in: client, name: 'eth0', mac: CLIENT_MAC[n]! },
      );
      return client;
    });
  });

  afterEach(() => campus.remove());

  async function start(options: Partial<ResponderOptions> = {}, wrapper: string[] = []): Promise<Responder> {
    const responder = new Responder(server, options, wrapper);
    await responder.first('ready');
    return responder;
  }

  async function leaseOf(client: Namespace, flags: string[] = []): Promise<string | undefined> {
    const udhcpc = startUdhcpc(client, 'eth0', flags);
    const { address } = await udhcpc.waitFor('bound');
    await udhcpc.kill();
    return address;
  }

  it('answer each client on its own interface', async () => {
    const responder = await start();
    const ready = await responder.first('ready');
    const nothingMissing = { directUnavailable: null, unicastUnavailable: null };
    assert.deepEqual(ready, [
      { interface: 'eth0', ...nothingMissing },
      { interface: 'eth1', ...nothingMissing },
    ]);
    const leases = await Promise.all(clients.map((client) => leaseOf(client)));
    assert.deepEqual(leases, ['198.18.0.100', '198.18.1.100']);
    const heard = responder
      .all('received')
      .map(({ endpoint, viaBroadcast, type }) => `${endpoint} ${viaBroadcast} ${type}`);
    assert.deepEqual(heard.sort(), [
      '198.18.0.1 true 1',
      '198.18.0.1 true 3',
      '198.18.1.1 true 1',
      '198.18.1.1 true 3',
    ]);
    assert.deepEqual(responder.all('fault'), []);
  });

  it('send to the hardware address of a client without an address, and to nobody else', async () => {
    await start();
    const sniffer = await Sniffer.start(clients[1]!, 'eth0', 'udp and dst port 68', 'in');
    await leaseOf(clients[1]!);
    const frames = (await sniffer.stop()).map(({ text, ...rest }) => rest);
    const expected = {
      sourceMac: SERVER_MAC[1],
      destinationMac: CLIENT_MAC[1],
      source: '198.18.1.1',
      destination: '198.18.1.100',
      checksumRight: true,
    };
    assert.deepEqual(frames, [expected, expected]);
  });

  it('broadcast to a client that asks for it', async () => {
    await start();
    const sniffer = await Sniffer.start(clients[0]!, 'eth0', 'udp and dst port 68', 'in');
    assert.equal(await leaseOf(clients[0]!, ['-B']), '198.18.0.100');
    const [frame] = await sniffer.stop();
    assert.equal(frame?.destinationMac, BROADCAST_MAC);
    assert.equal(frame?.destination, '255.255.255.255');
    assert.equal(frame?.source, '198.18.0.1');
    assert.equal(frame?.checksumRight, true);
  });

  it('answer a renewal of a client that has its address', async () => {
    const responder = await start();
    const udhcpc = startUdhcpc(clients[1]!, 'eth0');
    await udhcpc.waitFor('bound');
    udhcpc.renew();
    const renewed = await udhcpc.waitFor('renew');
    await udhcpc.kill();
    assert.equal(renewed.address, '198.18.1.100');
    // A client that waits long for the answer asks again, by broadcast then
    const [first] = responder.all('received').filter(({ source }) => source === '198.18.1.100');
    assert.deepEqual(first, { endpoint: '198.18.1.1', source: '198.18.1.100', viaBroadcast: false, type: 3 });
  });

  it('serve dhclient', async function () {
    requires(this, 'dhclient');
    await start();
    const dhclient = startDhclient(clients[0]!, 'eth0');
    assert.equal((await dhclient.waitFor('bound')).address, '198.18.0.100');
    await dhclient.kill();
  });

  it('on one interface with two addresses hear a broadcast once', async () => {
    server.addAddress('eth0', '198.19.0.1/24');
    const responder = await start({ endpoints: [{ address: '198.18.0.1' }, { address: '198.19.0.1' }] });
    await leaseOf(clients[0]!);
    assert.deepEqual(
      responder.all('received').map(({ endpoint, type }) => `${endpoint} ${type}`),
      ['198.18.0.1 1', '198.18.0.1 3'],
    );
  });

  it('on one interface hand its broadcasts on to the next endpoint when the first is closed', async () => {
    server.addAddress('eth0', '198.19.0.1/24');
    const endpoints = [{ address: '198.18.0.1' }, { address: '198.19.0.1' }];
    await start({ endpoints, closeFirst: true });
    assert.equal(await leaseOf(clients[0]!), '198.19.0.100');
  });

  it('without CAP_NET_RAW broadcast their replies, on the right interface, and say so', async () => {
    const responder = await start({}, WITHOUT_RAW);
    const [, second] = await responder.first('ready');
    assert.deepEqual(second, {
      interface: 'eth1',
      directUnavailable: null,
      unicastUnavailable: 'CAP_NET_RAW is needed to reach clients without an address',
    });
    const sniffer = await Sniffer.start(clients[1]!, 'eth0', 'udp and dst port 68', 'in');
    assert.equal(await leaseOf(clients[1]!), '198.18.1.100');
    const [frame] = await sniffer.stop();
    assert.equal(frame?.destinationMac, BROADCAST_MAC);
    assert.equal(frame?.source, '198.18.1.1');
  });

  it('do not take their own broadcasts for requests', async () => {
    const onePort = { port: 1067, clientPort: 1067, broadcast: true };
    const sniffer = await Sniffer.start(clients[0]!, 'eth0', 'udp and dst port 1067', 'in');
    const responder = await start(onePort, WITHOUT_RAW);
    await until('broadcast on the link', () =>
      sniffer.frames().find((frame) => frame.destinationMac === BROADCAST_MAC),
    );
    clients[0]!.addAddress('eth0', '198.18.0.9/24');
    clients[0]!.run('bash', '-c', 'echo probe >/dev/udp/198.18.0.1/1067');
    const heard = await responder.first('received');
    assert.equal(heard.source, '198.18.0.9');
  });

  it('refuse a port that they may not have', async () => {
    const responder = new Responder(server, {}, WITHOUT_ANY);
    const refused = await until('refusal', () => responder.all('refused')[0]);
    assert.equal(refused, 'No permission to listen on 198.18.0.1 port 67');
  });

  it('refuse a port that another server has', async () => {
    await start({ endpoints: [{ interface: 'eth0' }] });
    const responder = new Responder(server, { endpoints: [{ interface: 'eth0' }] });
    const refused = await responder.first('refused');
    assert.equal(refused, 'Another program listens on 198.18.0.1 port 67');
  });

  it('report what cannot be sent, and go on', async () => {
    const responder = await start({ sendTo: '203.0.113.1' });
    const fault = await responder.first('fault');
    assert.deepEqual(fault, { operation: 'send', code: 'ENETUNREACH', destination: '203.0.113.1' });
    assert.equal(await leaseOf(clients[0]!), '198.18.0.100');
  });
});
