import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  BINDING_STATUS,
  type BindingStatus,
  SERVER_STATE,
  type ServerState,
} from '../../../src/protocol/failover/codes.js';
import type { RelationshipRecord } from '../../../src/server/failover/api.js';
import { type Binding, neverUsed } from '../../../src/server/failover/binding.js';
import { STALE } from '../../../src/server/store/failover-rows.js';
import { replaceServerQueue } from '../../../src/server/store/replace.js';
import { ServerStore } from '../../../src/server/store/server-store.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

/** As objects of the program are. */
const PLAIN = { noNullPrototype: true };
const seconds = fc.nat({ max: 0xffffffff });
const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((value) => Buffer.from(value).toString('latin1'));
const holder = fc.record({ htype: fc.nat({ max: 255 }), hwaddr: bytes(16), clientId: fc.option(bytes(255)) }, PLAIN);

const binding: fc.Arbitrary<Binding> = fc.record(
  {
    address: fc.nat({ max: 50 }).map((host) => 0xc6121000 + host),
    status: fc.constantFrom(...(Object.keys(BINDING_STATUS) as BindingStatus[])),
    holder: fc.option(holder),
    hostname: fc.option(bytes(64)),
    port: fc.option(fc.record({ giaddr: seconds, option82: bytes(255) }, PLAIN)),
    starts: seconds,
    ends: seconds,
    cltt: seconds,
    promised: seconds,
    acknowledged: seconds,
    agreed: seconds,
    pending: fc.boolean(),
    own: fc.boolean(),
    rewind: fc.constantFrom('FREE', 'BACKUP', null),
    flags: fc.nat({ max: 3 }),
  },
  PLAIN,
);

const state = fc.constantFrom(...(Object.keys(SERVER_STATE) as ServerState[]));

const record: fc.Arbitrary<RelationshipRecord> = fc.record(
  {
    name: fc.constantFrom('pair', 'other'),
    role: fc.constantFrom('primary', 'secondary', null),
    state,
    since: seconds,
    partnerState: fc.option(state),
    partnerSince: seconds,
    mclt: seconds,
    formerMclt: seconds,
    formerUntil: seconds,
    hba: fc.constantFrom('', 'ff'.repeat(32)),
    lostAt: seconds,
    partnerLostAt: seconds,
    clockAhead: fc.integer({ min: -60, max: 60 }),
  },
  PLAIN,
);

describe('What a pair remembers in the queue', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'a.queue');
  });

  afterEach(() => removeTempDir(folder));

  it('is read as it was stored, the last word on each address and relationship (property)', () => {
    const store = ServerStore.open(file, 'dhcp-a', NOON);
    const stored = { bindings: new Map<number, Binding>(), records: new Map<string, RelationshipRecord>() };
    fc.assert(
      fc.property(fc.array(binding, { maxLength: 20 }), fc.array(record, { maxLength: 2 }), (bindings, records) => {
        store.commit({ events: [], leases: [], pairs: { bindings, records } }, NOON);
        for (const one of bindings) stored.bindings.set(one.address, one);
        for (const one of records) stored.records.set(one.name, one);
        const byAddress = [...stored.bindings.values()].sort((a, b) => a.address - b.address);
        assert.deepEqual([...store.bindings()], byAddress);
        const byName = [...stored.records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        assert.deepEqual(store.relationships(), byName);
      }),
      { numRuns: 50 },
    );
    store.close();
  });

  it('is stored with leases and events or not at all', () => {
    const store = ServerStore.open(file, 'dhcp-a', NOON);
    const broken = { ...neverUsed(1), starts: null as unknown as number };
    assert.throws(() =>
      store.commit({ events: [draft('granted')], leases: [], pairs: { bindings: [broken], records: [] } }, NOON),
    );
    assert.deepEqual([store.queue.sequence, [...store.bindings()]], [0, []]);
    store.close();
  });

  it('is the bindings alone when a new queue takes the place of the old one: the partner has to tell the rest', () => {
    const [known, told] = [fc.sample(binding, 1)[0]!, fc.sample(record, 1)[0]!];
    const store = ServerStore.open(file, 'dhcp-a', NOON);
    store.commit(
      { events: [draft('granted')], leases: [], pairs: { bindings: [known], records: [told] } },
      NOON,
      false,
    );
    store.close();
    assert.deepEqual(replaceServerQueue(file, NOON + SECOND).relationships, [told.name]);
    const again = ServerStore.open(file, 'dhcp-a', NOON + 2 * SECOND);
    assert.deepEqual([[...again.bindings()], again.relationships()], [[known], []]);
    again.close();
  });

  it('is marked where an address may be shared again, until it is', () => {
    const store = ServerStore.open(file, 'dhcp-a', NOON);
    store.commit({ events: [], leases: [], pairs: { bindings: [neverUsed(1), neverUsed(2)], records: [] } }, NOON);
    const marks = () => [...store.bindings()].map(({ agreed }) => agreed);
    for (const [sharing, expected] of [
      ['stale', [0, STALE]],
      [true, [0, 0]],
    ] as const) {
      assert.equal(
        store.forgetShared(
          () => true,
          (address) => address === 1 || sharing,
        ),
        0,
      );
      assert.deepEqual(marks(), expected);
    }
    store.close();
  });

  it('is forgotten with the relationship and the pool', () => {
    const store = ServerStore.open(file, 'dhcp-a', NOON);
    const bindings = [neverUsed(1), neverUsed(2)];
    const [pair] = fc.sample(record, 1);
    const records = ['pair', 'other'].map((name) => ({ ...pair!, name }));
    store.commit({ events: [], leases: [], pairs: { bindings, records } }, NOON);
    const forgotten = store.forgetShared(
      (name) => name === 'pair',
      (address) => address === 2,
    );
    assert.equal(forgotten, 1);
    assert.deepEqual(
      [...store.bindings()].map(({ address }) => address),
      [2],
    );
    assert.deepEqual(
      store.relationships().map(({ name }) => name),
      ['pair'],
    );
    store.close();
  });
});
