import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ExpiryQueue } from '../../../src/server/leases/expiry.js';
import { FreeList } from '../../../src/server/leases/free-list.js';
import { Offers } from '../../../src/server/leases/offers.js';

describe('FreeList', () => {
  it('behaves as an array of free slots, oldest first, under any operations', () => {
    const operation = fc.tuple(fc.constantFrom('push', 'remove'), fc.nat(7));
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const list = new FreeList(8);
        let model: number[] = [];
        for (const [what, slot] of operations) {
          if (what === 'push') {
            list.push(slot);
            if (!model.includes(slot)) model.push(slot);
          } else {
            list.remove(slot);
            model = model.filter((free) => free !== slot);
          }
          assert.equal(list.first(), model[0]);
          assert.equal(list.length, model.length);
          for (let s = 0; s < 8; s++) assert.equal(list.has(s), model.includes(s));
        }
      }),
    );
  });
});

describe('ExpiryQueue', () => {
  it('tells every address once its latest end has come, and none before', () => {
    const step = fc.record({
      wait: fc.nat(5_000_000),
      address: fc.nat(5),
      lasts: fc.integer({ min: 1, max: 9_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (steps, limit) => {
        const queue = new ExpiryQueue();
        const ends = new Map<number, number>();
        let now = 1_000_000_000;
        const drain = () => {
          for (;;) {
            const due = queue.takeDue(now, limit, (address) => ends.get(address));
            for (const address of due) {
              assert.ok((ends.get(address) ?? now) <= now);
              ends.delete(address);
            }
            if (due.length === 0) return;
          }
        };
        for (const { wait, address, lasts } of steps) {
          now += wait;
          drain();
          for (const end of ends.values()) assert.ok(end > now);
          ends.set(address, now + lasts);
          queue.add(address, now + lasts);
        }
        now += 10_000_000;
        drain();
        assert.equal(ends.size, 0);
      }),
    );
  });

  it('keeps one entry for an address however often it is renewed', () => {
    const queue = new ExpiryQueue();
    for (let end = 1; end <= 10_000; end++) queue.add(7, end * 1_000_000);
    assert.equal(queue.size, 1);
    assert.deepEqual(
      queue.takeDue(9_999_000_000, 10, () => 10_000_000_000),
      [],
    );
    assert.deepEqual(
      queue.takeDue(10_000_000_000, 10, () => 10_000_000_000),
      [7],
    );
  });

  it('passes over years without entries at once', () => {
    const queue = new ExpiryQueue();
    queue.add(1, 1_000_000);
    const later = 50 * 365 * 86_400 * 1_000_000;
    queue.add(2, later);
    assert.deepEqual(
      queue.takeDue(later, 10, (address) => (address === 1 ? 1_000_000 : later)),
      [1, 2],
    );
  });
});

describe('Offers', () => {
  it('hold one address for a client until their time is over', () => {
    const offers = new Offers();
    assert.equal(offers.add('a', 1, 100), undefined);
    assert.equal(offers.add('a', 2, 110), 1, 'the address offered before is free again');
    assert.equal(offers.add('a', 2, 120), undefined);
    offers.add('b', 3, 125);
    assert.equal(offers.clientOf(2), 'a');
    assert.deepEqual(offers.expire(119), []);
    assert.deepEqual(offers.expire(120), [2]);
    assert.equal(offers.addressFor('b'), 3);
    assert.equal(offers.drop('b'), 3);
    assert.equal(offers.size, 0);
  });
});
