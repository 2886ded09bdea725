import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { chainHash, encodeEvent, genesisHash } from '../../../src/ledger/event/encoding.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import { unpack } from '../../../src/server/leases/packed.js';
import { serverEvent } from '../../../src/server/pipeline/server-event.js';
import { ServerStore } from '../../../src/server/store/server-store.js';
import { Lab, option82, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.110'] }]);

/** Makes every commit of the queue fail, as a full disk does, until it is undone. */
function breakQueue(lab: Lab): () => void {
  const real = lab.queue.append.bind(lab.queue);
  lab.queue.append = () => {
    throw new Error('database or disk is full');
  };
  return () => {
    lab.queue.append = real;
  };
}

describe('What the server keeps', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(CAMPUS);
  });
  afterEach(() => lab.close());

  const kinds = () => lab.events().map(({ kind }) => kind);

  it('records the expiry of a lease with its true end', () => {
    lab.lease({ giaddr: RELAY });
    lab.clock.advance(3599);
    lab.pipeline.flush();
    assert.deepEqual(kinds(), ['granted']);
    lab.clock.advance(1);
    lab.pipeline.flush();
    const [granted, expired] = lab.events();
    assert.equal(expired?.kind, 'expired');
    assert.equal(expired?.leaseEnd, granted?.leaseEnd);
    lab.pipeline.flush();
    assert.equal(kinds().length, 2, 'once');
  });

  it('records expiries that happened while the server was down, each once', () => {
    for (const mac of ['02000000000a', '02000000000b']) lab.lease({ giaddr: RELAY, mac });
    lab.send({ type: TYPE.release, mac: '02000000000b', ciaddr: '198.18.0.101' });
    lab.crash();
    lab.clock.advance(86_400);
    lab.open();
    lab.pipeline.expireAll();
    lab.pipeline.expireAll();
    assert.deepEqual(kinds(), ['granted', 'granted', 'released', 'expired']);
    assert.equal(lab.events().at(-1)?.leaseEnd, lab.events()[0]?.leaseEnd);
  });

  it('knows its leases after a restart and gives no address twice', () => {
    const first = yiaddrOf(lab.lease({ giaddr: RELAY, mac: '02000000000a' }));
    lab.crash();
    lab.open();
    assert.notEqual(yiaddrOf(lab.lease({ giaddr: RELAY, mac: '02000000000b' })), first);
    assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, mac: '02000000000a' })), first);
    assert.deepEqual(kinds(), ['granted', 'granted', 'renewed']);
  });

  it('chains its events from the UUID of the queue, without holes', () => {
    for (let i = 0; i < 5; i++) lab.lease({ giaddr: RELAY, mac: `02000000000${i}`, option82: option82(`p${i}`) });
    let hash: Uint8Array = genesisHash(lab.queue.uuid);
    for (const [index, event] of lab.events().entries()) {
      assert.equal(event.sequence, index + 1);
      hash = chainHash(hash, encodeEvent(event));
      assert.deepEqual(Buffer.from(event.hash), Buffer.from(hash));
    }
  });

  it('makes one commit for all requests that wait', () => {
    let commits = 0;
    const real = lab.queue.append.bind(lab.queue);
    lab.queue.append = (...args) => {
      commits += 1;
      return real(...args);
    };
    const requests = ['02000000000a', '02000000000b', '02000000000c'].map((mac, i) => ({
      type: TYPE.request,
      giaddr: RELAY,
      mac,
      requested: `198.18.0.10${i}`,
      serverId: '198.18.0.1',
    }));
    assert.deepEqual(lab.send(...requests).map(typeOf), [TYPE.ack, TYPE.ack, TYPE.ack]);
    assert.equal(commits, 1);
  });

  it('never lets time go back: at is held, and the step recorded', () => {
    lab.lease({ giaddr: RELAY, mac: '02000000000a' });
    lab.clock.step(-3600);
    lab.lease({ giaddr: RELAY, mac: '02000000000b' });
    const events = lab.events();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['granted', 'clock-stepped', 'granted'],
    );
    assert.equal(events[2]?.at, events[0]?.at);
    assert.equal(events[1]?.detail, 'clock stepped back 3600 s');
    assert.equal(events[1]!.leaseEnd! - events[1]!.leaseStart!, 3600e6);
  });

  it('records a step of the clock although the commit that carries it fails at first', () => {
    const repair = breakQueue(lab);
    lab.clock.step(3600);
    lab.lease({ giaddr: RELAY });
    repair();
    lab.clock.advance(2);
    lab.pipeline.flush();
    assert.deepEqual(kinds(), ['queue-refused', 'clock-stepped']);
  });

  it('records a step back that happened while no server ran, and lets no event be earlier', () => {
    lab.lease({ giaddr: RELAY });
    lab.queue.touch(lab.clock.now() + 600e6);
    lab.crash();
    lab.clock.step(-3600);
    lab.open();
    lab.lease({ giaddr: RELAY });
    const [granted, stepped, renewed] = lab.events();
    assert.deepEqual(kinds(), ['granted', 'clock-stepped', 'renewed']);
    assert.equal(stepped?.detail, 'clock stepped back 4200 s');
    assert.equal(renewed?.at, granted!.at + 600e6);
  });

  it('ends leases, offers and quarantines in their time while the time of events is held', () => {
    lab.lease({ giaddr: RELAY });
    lab.clock.step(-86_400);
    for (const mac of ['02000000000b', '02000000000c']) lab.send({ type: TYPE.discover, giaddr: RELAY, mac });
    assert.equal(lab.leases.offers, 2);
    lab.clock.advance(31);
    lab.pipeline.flush();
    assert.equal(lab.leases.offers, 0);
    assert.equal(typeOf(lab.lease({ giaddr: RELAY, mac: '02000000000d' })), TYPE.ack);
    lab.clock.advance(3601);
    lab.pipeline.flush();
    assert.equal(lab.leases.active, 0);
    const ats = lab.events().map(({ at }) => at);
    assert.deepEqual([...ats].sort(), ats);
  });

  describe('when the queue cannot be written (promise P1)', () => {
    it('stores what an outage has left with the stop, however soon that comes', () => {
      const serving = new Lab(CAMPUS, { onFailure: 'serve' });
      const repair = breakQueue(serving);
      serving.lease({ giaddr: RELAY });
      repair();
      serving.pipeline.drain();
      serving.pipeline.commitServerEvent(serverEvent('server-stopped', 'dhcp-a', null), false);
      assert.deepEqual(
        serving.events().map(({ kind }) => kind),
        ['queue-refused', 'server-stopped'],
      );
      assert.equal(Array.from(serving.store.packedLeases(), unpack).length, 1);
      serving.close();
    });

    it('gives a client its former address again after a commit for another one failed', () => {
      lab.lease({ giaddr: RELAY });
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100' });
      const repair = breakQueue(lab);
      lab.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.109', serverId: '198.18.0.1' });
      repair();
      assert.equal(yiaddrOf(lab.send({ type: TYPE.discover, giaddr: RELAY })[0]), '198.18.0.100');
    });

    it('refuse: does not answer, forgets what it could not store, and records the gap', () => {
      const repair = breakQueue(lab);
      assert.equal(lab.lease({ giaddr: RELAY }), undefined);
      assert.equal(lab.leases.active, 0);
      assert.equal(lab.counters.dropped('queue-unavailable'), 1);
      lab.clock.advance(5);
      repair();
      const again = { type: TYPE.request, giaddr: RELAY, requested: '198.18.0.100', serverId: '198.18.0.1' };
      assert.equal(typeOf(lab.send(again)[0]), TYPE.ack);
      const [refused] = lab.events();
      assert.deepEqual(kinds(), ['queue-refused', 'granted']);
      assert.equal(refused?.detail, 'queue not writable: 1 requests refused, 0 answered without a record');
      assert.equal(refused!.leaseEnd! - refused!.leaseStart!, 5e6);
      assert.ok(lab.logger.ids().includes('queue-write-failed') && lab.logger.ids().includes('queue-recovered'));
    });

    it('refuse: does not answer from a queue file that was moved away, and goes on when it is back', () => {
      const parts = ['', '-wal', '-shm'].map((part) => lab.file + part);
      lab.lease({ giaddr: RELAY, mac: '02000000000a' });
      for (const part of parts) renameSync(part, `${part}.away`);
      assert.equal(lab.lease({ giaddr: RELAY }), undefined);
      assert.throws(() => lab.queue.touch(lab.clock.now()), /was removed or replaced while the server runs/);
      writeFileSync(lab.file, '');
      lab.clock.advance(5);
      assert.equal(lab.lease({ giaddr: RELAY }), undefined);
      for (const part of parts) renameSync(`${part}.away`, part);
      lab.clock.advance(2);
      assert.notEqual(lab.lease({ giaddr: RELAY }), undefined);
      assert.deepEqual(kinds(), ['granted', 'queue-refused', 'granted']);
    });

    it('refuse: a release that could not be stored is counted too, and the lease goes on', () => {
      lab.lease({ giaddr: RELAY });
      const repair = breakQueue(lab);
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100' });
      assert.equal(lab.leases.active, 1);
      assert.equal(lab.counters.dropped('queue-unavailable'), 1);
      assert.equal(lab.counters.snapshot().traffic['taken-without-reply'], undefined);
      repair();
      lab.clock.advance(2);
      lab.pipeline.flush();
      assert.equal(lab.events().at(-1)?.detail, 'queue not writable: 1 requests refused, 0 answered without a record');
    });

    it('refuse: a release that could not be stored is taken when its copy comes', () => {
      const mac = '02000000000a';
      const ciaddr = yiaddrOf(lab.lease({ giaddr: RELAY, mac }))!;
      const release = { type: TYPE.release, mac, ciaddr, xid: 77 };
      const repair = breakQueue(lab);
      lab.send(release);
      repair();
      lab.send({ ...release, giaddr: RELAY });
      assert.equal(kinds().at(-1), 'released');
      lab.send(release);
      assert.equal(kinds().filter((kind) => kind === 'released').length, 1);
    });

    it('refuse: a renewal that could not be stored leaves the lease as it was', () => {
      lab.lease({ giaddr: RELAY });
      const before = lab.leases.get(parseIpv4('198.18.0.100'));
      const repair = breakQueue(lab);
      lab.clock.advance(10);
      assert.deepEqual(lab.send({ type: TYPE.request, ciaddr: '198.18.0.100' }), []);
      assert.deepEqual(lab.leases.get(parseIpv4('198.18.0.100')), before);
      lab.clock.advance(3600);
      repair();
      lab.pipeline.flush();
      assert.equal(lab.events().at(-1)?.leaseEnd, before?.end, 'and it expires at its stored end');
    });

    it('serve: answers, records the gap, and stores the leases as soon as it can', () => {
      const serving = new Lab(CAMPUS, { onFailure: 'serve' });
      const repair = breakQueue(serving);
      assert.equal(typeOf(serving.lease({ giaddr: RELAY })), TYPE.ack);
      repair();
      serving.clock.advance(2);
      serving.pipeline.flush();
      assert.deepEqual(
        serving.events().map(({ kind, detail }) => [kind, detail]),
        [['queue-refused', 'queue not writable: 0 requests refused, 1 answered without a record']],
      );
      serving.crash();
      serving.open();
      assert.equal(serving.leases.active, 1);
      serving.close();
    });
  });

  it('decides about the other requests of a batch when one cannot be decided', () => {
    const real = lab.topology.scopeOf.bind(lab.topology);
    let calls = 0;
    lab.topology.scopeOf = (address) => {
      calls += 1;
      if (calls === 1) throw new Error('a fault');
      return real(address);
    };
    const ask = (mac: string, requested: string) => ({
      type: TYPE.request,
      giaddr: RELAY,
      mac,
      requested,
      serverId: '198.18.0.1',
    });
    const replies = lab.send(ask('02000000000a', '198.18.0.100'), ask('02000000000b', '198.18.0.101'));
    assert.deepEqual(replies.map(yiaddrOf), ['198.18.0.101']);
    assert.equal(lab.counters.dropped('internal-error'), 1);
    assert.deepEqual(kinds(), ['granted']);
  });

  it('deletes what was shipped, and only that', () => {
    for (let i = 0; i < 5; i++) lab.lease({ giaddr: RELAY, mac: `02000000000${i}` });
    const reader = QueueReader.open(lab.file);
    const events = reader.read(0, 3);
    reader.markShipped(3, events[2]!.hash, 0);
    assert.equal(reader.depth(), 2);
    assert.equal(lab.queue.deleteShipped(), 3);
    assert.deepEqual(
      reader.read(0, 10).map(({ sequence }) => sequence),
      [4, 5],
    );
    reader.close();
    lab.crash();
    lab.open();
    lab.lease({ giaddr: RELAY, mac: '0200000000aa' });
    assert.equal(lab.events().at(-1)?.sequence, 6, 'sequences go on');
  });

  it('refuses a second server on the queue, and a server of another name', () => {
    assert.throws(() => ServerStore.open(lab.file, 'dhcp-a', 0), /Another server already runs on this queue/);
    lab.crash();
    assert.throws(() => ServerStore.open(lab.file, 'dhcp-b', 0), /belongs to server "dhcp-a", this is "dhcp-b"/);
    lab.open();
  });

  it('logs pool usage once for each crossing', async () => {
    const { UsageWatch } = await import('../../../src/server/usage.js');
    const small = new Lab(sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.109'] }]));
    const watch = new UsageWatch(small.logger);
    const told = () => small.logger.lines.filter(({ id }) => id === 'pool-usage').map(({ fields }) => fields.threshold);
    for (let i = 0; i < 10; i++) {
      small.lease({ giaddr: RELAY, mac: `02000000000${i}` });
      watch.check(small.topology.networks);
      watch.check(small.topology.networks);
    }
    assert.deepEqual(told(), [80, 90, 100]);
    for (let i = 0; i < 4; i++) small.send({ type: TYPE.release, mac: `02000000000${i}`, ciaddr: `198.18.0.10${i}` });
    watch.check(small.topology.networks);
    for (let i = 0; i < 4; i++) small.lease({ giaddr: RELAY, mac: `02000000000${i}` });
    watch.check(small.topology.networks);
    assert.deepEqual(told(), [80, 90, 100, 100]);
    small.close();
  });
});
