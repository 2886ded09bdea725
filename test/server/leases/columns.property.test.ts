import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Arena } from '../../../src/server/leases/arena.js';
import { LEASE_STATES, type Lease } from '../../../src/server/leases/lease.js';
import { LeaseStore } from '../../../src/server/leases/lease-store.js';
import { Uint32Map } from '../../../src/server/leases/uint32-map.js';

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((values) => Buffer.from(values).toString('latin1'));
const address = fc.oneof(fc.nat(40), fc.nat({ max: 0xffffffff }));
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const anyLease = fc
  .record({
    address,
    state: fc.constantFrom(...LEASE_STATES),
    client: bytes(257),
    htype: fc.nat(255),
    hwaddr: bytes(16),
    clientId: fc.option(bytes(255)),
    hostname: fc.option(bytes(255)),
    start: time,
    renewed: time,
    end: time,
    due: time,
    port: fc.option(
      fc.record({ giaddr: fc.nat({ max: 0xffffffff }), option82: bytes(2000) }, { noNullPrototype: true }),
    ),
  })
  .map((lease): Lease => ({ ...lease }));

describe('Uint32Map', () => {
  it('behaves as a Map, also where many keys want the same place', () => {
    const key = fc.oneof(
      fc.nat(9),
      fc.nat(3).map((n) => 0xffffffff - n),
      fc.nat({ max: 0xffffffff }),
    );
    const step = fc.record({ key, number: fc.option(fc.nat({ max: 0xfffffffe })) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.nat(400), fc.nat(300), (steps, at, size) => {
        const [map, model] = [new Uint32Map(), new Map<number, number>()];
        for (const [i, { key, number }] of steps.entries()) {
          if (i === at) map.reserve(size);
          if (number === null) {
            map.delete(key);
            model.delete(key);
          } else {
            map.set(key, number);
            model.set(key, number);
          }
          assert.equal(map.size, model.size);
          assert.equal(map.get(key), model.get(key));
        }
        for (const { key } of steps) assert.deepEqual([map.get(key), map.has(key)], [model.get(key), model.has(key)]);
      }),
    );
  });
});

describe('The arena', () => {
  it('gives no record room that another one has, and uses again what is given back', () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 70_000 }));
    const step = fc.oneof(
      fc.record({ do: fc.constant('take' as const), length }),
      fc.record({ do: fc.constant('release' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const arena = new Arena();
        const records: { place: number; length: number; filling: number }[] = [];
        const content = ({ place, length }: (typeof records)[number]) =>
          arena.chunk(place).subarray(Arena.start(place), Arena.start(place) + length);
        for (const [i, one] of steps.entries()) {
          if (one.do === 'take') {
            const record = { place: arena.take(one.length), length: one.length, filling: i % 251 };
            content(record).fill(record.filling);
            records.push(record);
          } else if (records.length > 0) {
            const [gone] = records.splice(one.which % records.length, 1);
            arena.release(gone!.place, gone!.length);
            const again = arena.take(gone!.length);
            assert.equal(again, gone!.place);
            arena.release(again, gone!.length);
          }
          for (const record of records) assert.ok(content(record).every((byte) => byte === record.filling));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('The store of leases', () => {
  it('behaves as a Map of addresses', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: anyLease.map((lease) => ({ do: 'put' as const, lease })) },
      address.map((gone) => ({ do: 'remove' as const, gone })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const [store, model] = [new LeaseStore(), new Map<number, Lease>()];
        for (const one of steps) {
          if (one.do === 'put') {
            store.put(one.lease);
            model.set(one.lease.address, one.lease);
          } else {
            store.remove(one.gone);
            model.delete(one.gone);
          }
        }
        const found = [...store.slots()].map((slot) => store.read(slot));
        const byAddress = (a: Lease, b: Lease) => a.address - b.address;
        assert.deepEqual(found.sort(byAddress), [...model.values()].sort(byAddress));
        for (const lease of model.values()) {
          const slot = store.slotOf(lease.address)!;
          assert.deepEqual(store.get(slot), lease);
          assert.ok(store.isClient(slot, lease.client));
          assert.ok(!store.isClient(slot, `${lease.client}.`));
        }
      }),
    );
  });
});
