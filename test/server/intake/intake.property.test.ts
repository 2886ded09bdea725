import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Intake, LATE } from '../../../src/server/intake/intake.js';

interface Named {
  name: string;
  order: number;
  arrived: number;
}

interface Item {
  relay: string;
  port: string;
  isDiscover: boolean;
  order: number;
  arrived: number;
}

const PORT_BACKLOG = 3;
const BACKLOG = 12;
const from = fc.record({
  relay: fc.constantFrom('a', 'b', 'c'),
  port: fc.constantFrom('1', '2', '3', '4'),
  isDiscover: fc.boolean(),
});
const step = fc.oneof(
  { weight: 4, arbitrary: from.map((key) => ({ do: 'push' as const, key })) },
  fc.record({ do: fc.constant('take' as const), limit: fc.nat(6) }),
  fc.record({ do: fc.constant('wait' as const), micros: fc.nat(LATE) }),
);

const nameOf = ({ relay, port, isDiscover }: Omit<Item, 'order' | 'arrived'>) => `${relay}/${port}/${isDiscover}`;

describe('The intake', () => {
  let order = 0;

  it('loses and duplicates nothing, keeps the order of a port, and never exceeds its bounds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const intake = new Intake<Item>(PORT_BACKLOG, BACKLOG);
        const waiting: Item[] = [];
        const remove = (item: Item) => {
          const oldest = waiting.find((other) => nameOf(other) === nameOf(item));
          if (!item.isDiscover) assert.equal(item, oldest, 'the oldest of its port');
          assert.ok(waiting.includes(item));
          waiting.splice(waiting.indexOf(item), 1);
        };
        let now = 0;
        for (const one of steps) {
          if (one.do === 'push') {
            const item = { ...one.key, order: order++, arrived: now };
            waiting.push(item);
            const out = intake.push(one.key, item);
            if (waiting.length > BACKLOG) assert.ok(out, 'one goes if a bound is passed');
            if (out) remove(out);
            if (out && waiting.length < BACKLOG)
              assert.equal(nameOf(out), nameOf(item), 'a full port pushes out its own');
            for (const isDiscover of [true, false]) {
              const fresh = waiting.filter(
                (other) => nameOf(other) === nameOf({ ...item, isDiscover }) && other.arrived === now,
              );
              assert.ok(fresh.length <= PORT_BACKLOG);
            }
          } else if (one.do === 'wait') now += one.micros;
          else {
            const taken = intake.take(one.limit, now);
            assert.equal(taken.length, Math.min(one.limit, waiting.length));
            assert.deepEqual(
              taken,
              [...taken].sort((a, b) => a.order - b.order),
              'in the order of arrival',
            );
            for (const item of taken) remove(item);
          }
          assert.equal(intake.size, waiting.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same share to every relay, in it to both kinds, in these to every port, whatever the others send', () => {
    const sender = fc.record({
      relay: fc.nat(4),
      port: fc.nat(5),
      isDiscover: fc.boolean(),
      count: fc.integer({ min: 1, max: 60 }),
    });
    const crowd = fc.array(sender, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(crowd, fc.integer({ min: 1, max: 100 }), (senders, limit) => {
        const intake = new Intake<Named>(64, 10_000);
        const waiting = new Map<string, number>();
        for (const { relay, port, isDiscover, count } of senders) {
          const name = `${relay}/${isDiscover}/${port}`;
          for (let i = 0; i < count; i++) {
            if (intake.push({ relay: `${relay}`, port: `${port}`, isDiscover }, { name, arrived: 0, order: order++ }))
              continue;
            waiting.set(name, (waiting.get(name) ?? 0) + 1);
          }
        }
        const taken = intake.take(limit, 0).map(({ name }) => name);
        for (const [name, count] of countBy(taken)) waiting.set(name, waiting.get(name)! - count);
        const left = [...waiting].filter(([, count]) => count > 0).map(([name]) => name);
        for (const name of left) {
          for (const depth of [1, 2, 3]) {
            const group = part(name, depth - 1);
            const got = countBy(taken.filter((one) => part(one, depth - 1) === group).map((one) => part(one, depth)));
            const own = got.get(part(name, depth)) ?? 0;
            for (const [other, count] of got) assert.ok(count <= own + 1, `${other} was served before ${name}`);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('removes a datagram of the relay that has the most, if it is full', () => {
    const intake = new Intake<Named>(64, 40);
    const push = (relay: string, port: string) =>
      intake.push({ relay, port, isDiscover: true }, { name: relay, arrived: 0, order: order++ })?.name;
    for (let i = 0; i < 200; i++) push('flood', `forged ${i}`);
    for (let i = 0; i < 15; i++) assert.equal(push('quiet', `${i}`), 'flood');
    assert.equal(countBy(intake.take(40, 0).map(({ name }) => name)).get('quiet'), 15);
  });

  it('serves new requests before old DISCOVERs, and keeps those', () => {
    const intake = new Intake<Named>();
    const push = (name: string, arrived: number, isDiscover = true) =>
      intake.push({ relay: 'a', port: name, isDiscover }, { name, arrived, order: order++ });
    push('old', 0);
    push('old renewal', 0, false);
    push('fresh', LATE);
    const take = () => intake.take(2, LATE + 1).map(({ name }) => name);
    assert.deepEqual([take(), take()], [['old renewal', 'fresh'], ['old']]);
  });

  it('prefers to keep exchanges under way, but leaves some room to DISCOVERs, whatever floods', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 100, maxLength: 400 }), (sent) => {
        const intake = new Intake<{ isDiscover: boolean; order: number; arrived: number }>(1, 90);
        const waiting = { true: 0, false: 0 };
        for (const [i, isDiscover] of sent.entries()) {
          waiting[`${isDiscover}`] += 1;
          const out = intake.push({ relay: 'a', port: `${i}`, isDiscover }, { isDiscover, arrived: 0, order: i });
          if (!out) continue;
          waiting[`${out.isDiscover}`] -= 1;
          if (out.isDiscover) assert.ok(waiting.true >= 9, 'less than a tenth of the room is left to DISCOVERs');
          else assert.ok(waiting.true <= 10, 'an exchange under way gave way to DISCOVERs');
        }
      }),
    );
  });

  it('serves the same datagrams in the same order if a relay that lost all of them comes back', () => {
    const intake = new Intake<Named>(64, 2);
    const push = (relay: string, name: string) =>
      intake.push({ relay, port: name, isDiscover: true }, { name, arrived: 0, order: order++ })?.name;
    push('a', 'a1');
    push('b', 'b1');
    assert.equal(push('c', 'c1'), 'c1', 'all relays hold one place');
    assert.deepEqual(
      intake.take(9, 0).map(({ name }) => name),
      ['a1', 'b1'],
    );
    assert.equal(push('c', 'c2'), undefined);
    assert.deepEqual([intake.size, ...intake.take(9, 0).map(({ name }) => name), intake.size], [1, 'c2', 0]);
  });

  it('drops DISCOVERs first if a relay has too many, and of these the late ones', () => {
    const intake = new Intake<Named>(64, 3);
    const push = (name: string, arrived: number, isDiscover: boolean) =>
      intake.push({ relay: 'a', port: name, isDiscover }, { name, arrived, order: order++ })?.name;
    push('late', 0, true);
    push('first', LATE, true);
    push('request', LATE, false);
    assert.deepEqual(
      intake.take(1, LATE + 1).map(({ name }) => name),
      ['request'],
    );
    assert.equal(push('second', LATE, true), undefined);
    assert.equal(push('third', LATE, true), 'late');
    assert.equal(push('request', LATE, false), 'first');
  });
});

/** The relay, its kind, or its port, of `relay/kind/port`. */
function part(name: string, depth: number): string {
  return name.split('/').slice(0, depth).join('/');
}

function countBy(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
