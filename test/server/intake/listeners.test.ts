import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { until } from '../../../rig/lab/until.js';
import { UsageError } from '../../../src/base/errors.js';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import type { ReceivedDatagram } from '../../../src/net/udp.js';
import { Listeners } from '../../../src/server/intake/listeners.js';
import { Counters } from '../../../src/server/pipeline/counters.js';
import type { ListenSettings } from '../../../src/server/settings.js';
import { TestLogger } from '../../support/lab.js';

const [FIRST, SECOND] = ['127.76.54.33', '127.76.54.34'];

describe('Listeners', () => {
  let listeners: Listeners;
  let received: { datagram: ReceivedDatagram; listen: ListenSettings }[];
  let client: Socket;
  let port: number;

  beforeEach(async () => {
    received = [];
    client = createSocket('udp4');
    client.bind(0, '127.77.0.9');
    await once(client, 'listening');
    port = client.address().port;
    listeners = new Listeners(
      (datagram, listen) => received.push({ datagram, listen }),
      new Counters(),
      new TestLogger(),
    );
  });
  afterEach(async () => {
    await listeners.close();
    client.close();
  });

  function entry(address: string, changes: Partial<ListenSettings> = {}): ListenSettings {
    return { address: parseIpv4(address), port, relayPort: port, clientPort: 68, snooping: false, ...changes };
  }

  async function replace(...wanted: ListenSettings[]): Promise<void> {
    await listeners.open(wanted);
    await listeners.use();
  }

  /** Sends until it is heard, and returns what was heard first. */
  async function heard(
    text: string,
    address = FIRST!,
  ): Promise<{ datagram: ReceivedDatagram; listen: ListenSettings }> {
    return await until(`datagram "${text}"`, () => {
      client.send(text, port, address);
      return received.find(({ datagram }) => datagram.bytes.toString() === text);
    });
  }

  it('keep the old entries in force if a new one cannot be opened', async () => {
    await replace(entry(FIRST!));
    const taken = createSocket('udp4');
    taken.bind(port, SECOND);
    await once(taken, 'listening');
    const wanted = [entry(FIRST!, { clientPort: 1068, snooping: true }), entry(SECOND!)];
    await assert.rejects(listeners.open(wanted), UsageError);
    const { datagram, listen } = await heard('refused');
    assert.deepEqual([datagram.endpoint.clientPort, listen.snooping], [68, false]);
    taken.close();
    await replace(...wanted);
    assert.equal((await heard('taken over')).datagram.endpoint.clientPort, 1068);
    await heard('opened', SECOND);
  });

  it('put another client port and other entries in force without closing the socket', async () => {
    await replace(entry(FIRST!));
    const before = (await heard('before')).datagram.endpoint;
    await replace(entry(FIRST!, { clientPort: 1068, snooping: true }));
    const { datagram, listen } = await heard('after');
    assert.equal(datagram.endpoint, before);
    assert.deepEqual([before.clientPort, listen.snooping], [1068, true]);
  });

  it('buffer what arrives until they are put in use', async () => {
    await listeners.open([entry(FIRST!)]);
    client.send('early', port, FIRST);
    await new Promise((resolve) => client.send('later', port, FIRST, resolve));
    // Whatever reached the socket is read in these turns of the event loop
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(received.length, 0);
    await listeners.use();
    await until('both', () => received.length === 2);
    assert.deepEqual(
      received.map(({ datagram }) => datagram.bytes.toString()),
      ['early', 'later'],
    );
  });

  it('close what was opened and never used', async () => {
    await listeners.open([entry(FIRST!)]);
    await listeners.close();
    const other = createSocket('udp4');
    other.bind(port, FIRST);
    await once(other, 'listening');
    other.close();
  });

  it('refuse two entries that mean one address and port', async () => {
    const { address: _, ...byName } = entry('127.0.0.1', { interface: 'lo' });
    await assert.rejects(
      listeners.open([entry('127.0.0.1'), byName]),
      /means 127\.0\.0\.1:\d+ twice|means \d+:\d+ twice/,
    );
  });
});
