import assert from 'node:assert/strict';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import type { Lease } from '../../../src/server/leases/lease.js';
import { unpack } from '../../../src/server/leases/packed.js';
import { Pairs } from '../../../src/server/pair/pairs.js';
import { Batch, type BatchState } from '../../../src/server/pipeline/batch.js';
import { Unstored } from '../../../src/server/pipeline/unstored.js';
import { DirectRequests } from '../../../src/server/v4/direct-requests.js';
import { Lab, sketchConfig } from '../../support/lab.js';
import { draft } from '../../trail/store/campus.js';

const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.110'] }]);

describe('A batch', () => {
  let lab: Lab;
  let state: BatchState;

  beforeEach(() => {
    lab = new Lab(CAMPUS);
    const { store, leases, logger } = lab;
    const pairs = new Pairs([], { wall: 0, steady: 0 }, logger);
    state = { store, leases, direct: new DirectRequests(), pairs, unstored: new Unstored('dhcp-a', logger) };
  });

  afterEach(() => lab.close());

  function begin(): Batch {
    const now = lab.clock.now();
    return new Batch(state, { wall: now, steady: now, at: lab.queue.nextTime(now) });
  }

  /** Decides that a client gets an address. */
  function grant(batch: Batch, host: number, client = 'a'): void {
    const { at } = batch.time;
    const identity = { client, htype: 1, hwaddr: client, clientId: null, hostname: null, port: null };
    const times = { start: at, renewed: at, end: at + 60e6, due: at + 60e6 };
    const lease: Lease = { address: parseIpv4(`198.18.0.${host}`), state: 'active', ...identity, ...times };
    state.leases.put(lease);
    batch.events.push(draft('granted', { address: `198.18.0.${host}` }));
  }

  const inMemory = () => [...lab.leases.all()].map(({ address, client }) => [address & 255, client]);
  const inFile = () =>
    Array.from(lab.store.packedLeases(), unpack).map(({ address, client }) => [address & 255, client]);
  const events = () => lab.events().map(({ address }) => address);

  function failing<T>(work: () => T): T {
    const real = lab.queue.append;
    lab.queue.append = () => {
      throw new Error('disk full');
    };
    try {
      return work();
    } finally {
      lab.queue.append = real;
    }
  }

  it('makes leases and events durable together', () => {
    const batch = begin();
    assert.equal(batch.isEmpty, true);
    grant(batch, 100);
    assert.equal(batch.isEmpty, false);
    batch.commit();
    assert.deepEqual([inFile(), events()], [[[100, 'a']], ['198.18.0.100']]);
    assert.deepEqual(batch.changedLeases, []);
    batch.rollback();
    assert.deepEqual(inMemory(), [[100, 'a']], 'what is committed stays');
  });

  it('leaves no trace of a request that failed, and keeps the others', () => {
    const batch = begin();
    grant(batch, 100);
    const savepoint = batch.savepoint();
    grant(batch, 101, 'b');
    grant(batch, 100, 'c');
    batch.rollbackTo(savepoint);
    assert.deepEqual(inMemory(), [[100, 'a']]);
    batch.commit();
    assert.deepEqual([inFile(), events()], [[[100, 'a']], ['198.18.0.100']]);
  });

  it('undoes everything when its commit fails and it is rolled back', () => {
    const batch = begin();
    grant(batch, 100);
    assert.throws(() => failing(() => batch.commit()), /disk full/);
    batch.rollback();
    assert.deepEqual([inMemory(), inFile(), events()], [[], [], []]);
  });

  it('keeps its leases when the answers leave without a record, and the next commit stores them', () => {
    const batch = begin();
    grant(batch, 100);
    try {
      failing(() => batch.commit());
    } catch (error) {
      const leases = batch.changedLeases;
      state.unstored.noteFailure({ error, ...batch.time, onFailure: 'serve', requests: 1, leases });
      batch.acceptUnstored();
    }
    assert.deepEqual([inMemory(), inFile()], [[[100, 'a']], []]);
    const next = begin();
    grant(next, 101, 'b');
    next.commit();
    assert.deepEqual(inFile(), [
      [100, 'a'],
      [101, 'b'],
    ]);
    assert.deepEqual(events(), [null, '198.18.0.101'], 'the outage, and the new grant');
  });

  it('takes what was decided on top of it along when it is rolled back, and no more', () => {
    const first = begin();
    grant(first, 100);
    first.commit();
    const second = begin();
    grant(second, 101, 'b');
    const third = begin();
    grant(third, 101, 'c');
    grant(third, 102, 'd');
    second.rollback();
    assert.deepEqual(inMemory(), [[100, 'a']]);
    assert.equal(lab.topology.networks[0]!.isFree(parseIpv4('198.18.0.102')), true);
  });
});
