import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Intake } from '../../src/server/intake.js';

interface Item {
  relay: string;
  port: string;
  number: number;
}

const PORT_BACKLOG = 3;
const BACKLOG = 12;
const from = fc.record({ relay: fc.constantFrom('a', 'b', 'c'), port: fc.constantFrom('1', '2', '3', '4') });
const step = fc.oneof(
  { weight: 4, arbitrary: from.map((key) => ({ do: 'push' as const, key })) },
  fc.integer({ min: 0, max: 6 }).map((limit) => ({ do: 'take' as const, limit })),
);

const nameOf = ({ relay, port }: { relay: string; port: string }) => `${relay}/${port}`;

describe('The intake', () => {
  it('loses and doubles nothing, keeps the order within a port, and never grows beyond its bounds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const intake = new Intake<Item>(PORT_BACKLOG, BACKLOG);
        const waiting: Item[] = [];
        const remove = (item: Item) => {
          const oldest = waiting.find((other) => nameOf(other) === nameOf(item));
          assert.equal(item, oldest, 'the oldest of its port');
          waiting.splice(waiting.indexOf(item), 1);
        };
        let number = 0;
        for (const one of steps) {
          if (one.do === 'push') {
            const item = { ...one.key, number: number++ };
            waiting.push(item);
            const full = waiting.filter((other) => nameOf(other) === nameOf(item)).length > PORT_BACKLOG;
            const out = intake.push(one.key, item);
            assert.equal(out !== undefined, full || waiting.length > BACKLOG, 'one goes exactly if a bound is passed');
            if (out && full) assert.equal(nameOf(out), nameOf(item), 'a full port pushes out its own');
            if (out) remove(out);
          } else {
            const taken = intake.take(one.limit);
            assert.equal(taken.length, Math.min(one.limit, waiting.length));
            for (const item of taken) remove(item);
          }
          assert.equal(intake.size, waiting.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives every relay that waits the same share, and every port of it, whatever the others send', () => {
    const crowd = fc.array(fc.record({ relay: fc.nat(4), port: fc.nat(5), count: fc.integer({ min: 1, max: 60 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(crowd, fc.integer({ min: 1, max: 100 }), (senders, limit) => {
        const intake = new Intake<string>(64, 10_000);
        const waiting = new Map<string, number>();
        for (const { relay, port, count } of senders) {
          for (let i = 0; i < count; i++) {
            const name = `${relay}/${port}`;
            if (intake.push({ relay: `${relay}`, port: `${port}` }, name)) continue;
            waiting.set(name, (waiting.get(name) ?? 0) + 1);
          }
        }
        const taken = intake.take(limit);
        const got = countBy(taken, (name) => name);
        const gotByRelay = countBy(taken, (name) => name.split('/')[0]!);
        for (const [name, count] of got) waiting.set(name, waiting.get(name)! - count);
        const left = [...waiting].filter(([, count]) => count > 0).map(([name]) => name);
        for (const name of left) {
          const [relay] = name.split('/');
          for (const other of waiting.keys()) {
            if (other.startsWith(`${relay}/`))
              assert.ok((got.get(other) ?? 0) <= (got.get(name) ?? 0) + 1, `${other} was served before ${name}`);
          }
          for (const [other, count] of gotByRelay)
            assert.ok(count <= (gotByRelay.get(relay!) ?? 0) + 1, `relay ${other} was served before ${relay}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes the place for a newcomer from the relay that holds the most', () => {
    const intake = new Intake<string>(64, 40);
    for (let i = 0; i < 200; i++) intake.push({ relay: 'flood', port: `forged ${i}` }, 'flood');
    for (let i = 0; i < 15; i++) assert.equal(intake.push({ relay: 'quiet', port: `${i}` }, 'quiet'), 'flood');
    assert.equal(countBy(intake.take(40), (name) => name).get('quiet'), 15);
  });
});

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
