import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LEASE_STATES, type Lease } from '../../../src/server/leases/lease.js';
import { Network } from '../../../src/server/leases/network.js';
import { AddressPool } from '../../../src/server/leases/pool.js';
import { LeaseTable } from '../../../src/server/leases/table.js';

/** Addresses 0-9 are in one network, 10-19 in the other, 20-24 in none. */
const networks = () => [0, 1].map((n) => new Network(`n${n}`, [new AddressPool(10 * n, 10 * n + 9, new Set())]));
const CLIENTS = ['a', 'b', 'c', 'longer than others'];

const anyLease = fc
  .record({
    address: fc.nat(24),
    state: fc.constantFrom(...LEASE_STATES),
    client: fc.constantFrom(...CLIENTS),
    renewed: fc.nat(50),
    end: fc.nat(100).map((second) => second * 1_000_000),
    hostname: fc.option(fc.string({ unit: 'binary-ascii', maxLength: 40 })),
  })
  .map(
    (some): Lease => ({
      ...some,
      due: some.end,
      htype: 1,
      hwaddr: '',
      clientId: null,
      start: some.renewed,
      port: null,
    }),
  );
const STEPS = ['savepoint', 'rollback', 'commit', 'commit the first', 'rebuild'] as const;
const step = fc.oneof(
  { weight: 5, arbitrary: anyLease.map((lease) => ({ do: 'put' as const, lease })) },
  fc.constantFrom(...STEPS).map((what) => ({ do: what })),
);

/** What the table knows, in the plainest form: copied as a whole before what may be taken back. */
class Model {
  byAddress = new Map<number, Lease>();
  /** The address of the lease that counts as a client's latest. */
  latest = new Map<string, number>();

  static of(leases: Iterable<Lease>): Model {
    const model = new Model();
    for (const lease of leases) model.put(lease);
    return model;
  }

  copy(): Model {
    const copy = new Model();
    copy.byAddress = new Map(this.byAddress);
    copy.latest = new Map(this.latest);
    return copy;
  }

  put(lease: Lease): void {
    const before = this.byAddress.get(lease.address);
    if (before && before.client !== lease.client && this.latest.get(keyOf(before)) === lease.address) {
      this.latest.delete(keyOf(before));
    }
    this.byAddress.set(lease.address, lease);
    const known = this.byAddress.get(this.latest.get(keyOf(lease)) ?? -1);
    if (!known || known.address === lease.address || isNewer(lease, known))
      this.latest.set(keyOf(lease), lease.address);
  }

  ofClient(network: number, client: string): Lease | undefined {
    return this.byAddress.get(this.latest.get(`${network}/${client}`) ?? -1);
  }
}

const keyOf = ({ address, client }: Lease) => `${Math.floor(address / 10)}/${client}`;

function isNewer(lease: Lease, known: Lease): boolean {
  const [isActive, wasActive] = [lease.state === 'active', known.state === 'active'];
  return isActive === wasActive ? lease.renewed >= known.renewed : isActive;
}

describe('The table of leases', () => {
  it('knows what a Map of them knows, through changes, rollbacks, commits and new networks', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let current = networks();
        const networkOf = (address: number) => current[Math.floor(address / 10)];
        const table = new LeaseTable(networkOf);
        table.rebuild(current, networkOf);
        let model = new Model();
        let points = [{ at: table.savepoint(), model: model.copy() }];
        for (const one of steps) {
          if (one.do === 'put') {
            model.put(one.lease);
            table.put(one.lease);
          } else if (one.do === 'savepoint') points.push({ at: table.savepoint(), model: model.copy() });
          else if (one.do === 'commit') {
            table.commit();
            assert.deepEqual(table.changedSince(points[0]!.at), []);
            points = [{ at: table.savepoint(), model: model.copy() }];
          } else if (one.do === 'commit the first') {
            // As the oldest of several batches: what was decided on top of it can still be rolled back
            if (points.length > 1) points.shift();
            table.commit(points[0]!.at);
          } else if (one.do === 'rollback') {
            const last = points.length > 1 ? points.pop()! : points[0]!;
            table.rollback(last.at);
            model = last.model.copy();
          } else {
            table.commit();
            current = networks();
            table.rebuild(current, networkOf);
            model = Model.of(table.all());
            points = [{ at: table.savepoint(), model: model.copy() }];
          }
          check(table, model, current);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells leases that are over once their time has come, and no other', () => {
    fc.assert(
      fc.property(fc.array(anyLease), fc.nat(100), (leases, second) => {
        const table = new LeaseTable(() => undefined);
        for (const lease of leases) table.put(lease);
        const isDue = ({ state, due }: Lease) =>
          (state === 'active' || state === 'declined') && due <= second * 1_000_000;
        const expected = [...table.all()].filter(isDue);
        const byAddress = (a: Lease, b: Lease) => a.address - b.address;
        assert.deepEqual(table.takeDue(second * 1_000_000, 1000).sort(byAddress), expected.sort(byAddress));
      }),
    );
  });
});

function check(table: LeaseTable, model: Model, current: readonly Network[]): void {
  assert.equal(table.size, model.byAddress.size);
  assert.equal(table.active, [...model.byAddress.values()].filter(({ state }) => state === 'active').length);
  for (let address = 0; address < 25; address++) assert.deepEqual(table.get(address), model.byAddress.get(address));
  for (const [number, network] of current.entries()) {
    for (const client of CLIENTS) assert.deepEqual(table.ofClient(network, client), model.ofClient(number, client));
    for (let address = 10 * number; address < 10 * number + 10; address++) {
      const state = model.byAddress.get(address)?.state;
      assert.equal(network.isFree(address), state !== 'active' && state !== 'declined');
    }
  }
}
