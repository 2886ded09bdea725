import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { until } from '../../rig/lab/until.js';
import { UsageError } from '../../src/base/errors.js';
import { parseIpv4 } from '../../src/net/ipv4.js';
import { Endpoint, type EndpointOptions, type NetFault, type ReceivedDatagram } from '../../src/net/udp.js';

const LOOPBACK = parseIpv4('127.0.0.1');

describe('Endpoint on the loopback interface', () => {
  let received: ReceivedDatagram[];
  let faults: NetFault[];
  let endpoints: Endpoint[];
  let peer: Socket;

  beforeEach(async () => {
    [received, faults, endpoints] = [[], [], []];
    peer = createSocket('udp4');
    await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    await new Promise<void>((resolve) => peer.close(() => resolve()));
  });

  async function open(options: Partial<EndpointOptions> = {}): Promise<Endpoint> {
    const endpoint = await Endpoint.open(
      { address: LOOPBACK, port: 0, clientPort: 68, ...options },
      (datagram) => received.push(datagram),
      (fault) => faults.push(fault),
    );
    endpoints.push(endpoint);
    return endpoint;
  }

  it('receives a datagram with its source and answers it from its own address and port', async () => {
    const endpoint = await open();
    peer.send('request', endpoint.port, '127.0.0.1');
    const datagram = await until('datagram', () => received[0]);
    assert.equal(datagram.bytes.toString(), 'request');
    assert.equal(datagram.source, LOOPBACK);
    assert.equal(datagram.sourcePort, peer.address().port);
    assert.equal(datagram.viaBroadcast, false);
    assert.equal(datagram.endpoint, endpoint);

    const answer = new Promise<[Buffer, { address: string; port: number }]>((resolve) =>
      peer.once('message', (bytes, remote) => resolve([bytes, remote])),
    );
    endpoint.sendTo(datagram.source, datagram.sourcePort, Buffer.from('answer'));
    const [bytes, remote] = await answer;
    assert.equal(bytes.toString(), 'answer');
    assert.deepEqual([remote.address, remote.port], ['127.0.0.1', endpoint.port]);
    assert.deepEqual(faults, []);
  });

  it('reads a burst and answers it, whatever the sizes: all of it, in order, each to its own sender', async () => {
    const endpoint = await open();
    const answers: string[] = [];
    peer.on('message', (bytes) => answers.push(`${bytes.length} ${bytes.readUInt32BE(0)}`));
    peer.setRecvBufferSize(4 << 20);
    const sizes = Array.from({ length: 500 }, (_, i) => (i % 50 === 0 ? 9000 : 4 + (i % 400)));
    sizes.forEach((size, i) => {
      const bytes = Buffer.alloc(size);
      bytes.writeUInt32BE(i);
      peer.send(bytes, endpoint.port, '127.0.0.1');
    });
    await until('burst', () => received.length === sizes.length);
    assert.deepEqual(
      received.map(({ bytes, source, sourcePort }) => [bytes.length, bytes.readUInt32BE(0), source, sourcePort]),
      sizes.map((size, i) => [size, i, LOOPBACK, peer.address().port]),
    );
    for (const { bytes, source, sourcePort } of received) endpoint.sendTo(source, sourcePort, bytes);
    await until('answers', () => answers.length === sizes.length);
    assert.deepEqual(answers.toSorted(), sizes.map((size, i) => `${size} ${i}`).toSorted());
    assert.deepEqual(faults, []);
  });

  it('reports each answer of a burst that cannot be sent, and sends the others', async () => {
    const endpoint = await open();
    let answered = 0;
    peer.on('message', () => (answered += 1));
    const { port } = peer.address();
    for (let i = 0; i < 150; i++) {
      // From loopback there is no way to an address elsewhere.
      endpoint.sendTo(i % 50 === 7 ? parseIpv4('198.18.0.9') : LOOPBACK, port, Buffer.from(`answer ${i}`));
    }
    await until('answers', () => answered === 147);
    await until('faults', () => faults.length === 3);
    assert.ok(faults.every(({ operation, destination }) => operation === 'send' && destination === '198.18.0.9'));
  });

  it('has no clients on its link, and says nothing is missing', async () => {
    const endpoint = await open();
    assert.equal(endpoint.interface, 'lo');
    assert.equal(endpoint.directUnavailable, undefined);
    assert.equal(endpoint.unicastUnavailable, undefined);
  });

  it('refuses a port that is taken', async () => {
    const { port } = await open();
    await assert.rejects(open({ port }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, `Another program listens on 127.0.0.1 port ${port}`);
      assert.equal(error.hint, `stop the other DHCP server; "ss -lunp sport = :${port}" shows which one it is`);
      return true;
    });
  });

  it('frees its port when closed, also when closed twice', async () => {
    const first = await open();
    await Promise.all([first.close(), first.close()]);
    const second = await open({ port: first.port });
    assert.equal(second.port, first.port);
  });

  it('sends the answers to what it received before it closes', async () => {
    const endpoint = await open();
    const answers: string[] = [];
    peer.on('message', (bytes) => void answers.push(bytes.toString()));
    const closing = endpoint.close();
    for (let i = 0; i < 20; i++) endpoint.sendTo(LOOPBACK, peer.address().port, Buffer.from(`answer ${i}`));
    await closing;
    await until('answers', () => answers.length === 20);
    assert.deepEqual(faults, []);
  });

  it('reports what is too long to send, and goes on', async () => {
    const endpoint = await open();
    endpoint.sendTo(LOOPBACK, peer.address().port, Buffer.alloc(70_000));
    const fault = await until('fault', () => faults[0]);
    assert.deepEqual(fault, { operation: 'send', code: 'EMSGSIZE', destination: '127.0.0.1' });
    peer.send('still here', endpoint.port, '127.0.0.1');
    await until('datagram', () => received[0]);
  });

  it('reports an impossible port, and does not throw', async () => {
    const endpoint = await open();
    endpoint.sendTo(LOOPBACK, 0, Buffer.from('answer'));
    const fault = await until('fault', () => faults[0]);
    assert.equal(fault.operation, 'send');
    assert.equal(fault.destination, '127.0.0.1');
  });

  it('reports a send after close, and does not throw', async () => {
    const endpoint = await open();
    await endpoint.close();
    endpoint.sendTo(LOOPBACK, 67, Buffer.from('late'));
    endpoint.sendDirect('broadcast', Buffer.from('late'));
    assert.deepEqual(
      faults.map((fault) => fault.operation),
      ['send', 'send-direct'],
    );
  });
});
