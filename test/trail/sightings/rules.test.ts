import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareKeys, fold, type Sighting } from '../../../src/trail/sightings/rules.js';
import { campus, NOON, queueOf, SECOND } from '../store/campus.js';

/** Seconds after NOON, as the tests write them. */
const second = (at: number | null): number | null => at && (at - NOON) / SECOND;

/** What matters of a sighting in most tests. */
function told(sighting: Sighting): unknown[] {
  const { firstSeen, lastSeen, leaseUntil, endedAt, endReason, events } = sighting;
  return [second(firstSeen), second(lastSeen), second(leaseUntil), second(endedAt), endReason, events];
}

const otherPort = { circuitId: Buffer.from('p2') };
const otherClient = { hwaddr: Buffer.from('020000000002', 'hex') };
const noPort = { circuitId: null, remoteId: null, evidence: 'none' } as const;

describe('The rules of sightings', () => {
  it('open one with the first grant', () => {
    assert.deepEqual(fold(queueOf([[0, 'granted']])).map(told), [[0, 0, 100, null, null, 1]]);
  });

  it('extend it while the same client renews on the same port', () => {
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
      [120, 'renewed'],
    ]);
    assert.deepEqual(fold(events).map(told), [[0, 120, 220, null, null, 3]]);
  });

  it('end it as moved when the client shows up on another port', () => {
    const events = queueOf([
      [0, 'granted'],
      [5, 'renewed', otherPort],
    ]);
    assert.deepEqual(fold(events).map(told), [
      [0, 0, 100, 5, 'moved', 1],
      [5, 5, 105, null, null, 1],
    ]);
  });

  it('end it as moved when the same circuit-id comes from another switch', () => {
    const events = queueOf([
      [0, 'granted'],
      [5, 'renewed', { remoteId: Buffer.from('sw-b') }],
    ]);
    assert.deepEqual(
      fold(events).map((s) => s.endReason),
      ['moved', null],
    );
  });

  it('end it as replaced when another client gets the address', () => {
    const events = queueOf([
      [0, 'granted'],
      [5, 'granted', otherClient],
    ]);
    assert.deepEqual(fold(events).map(told), [
      [0, 0, 100, 5, 'replaced', 1],
      [5, 5, 105, null, null, 1],
    ]);
  });

  it('take another client-id of the same hardware address for another client', () => {
    const events = queueOf([
      [0, 'granted'],
      [5, 'granted', { clientId: Buffer.from([1]) }],
    ]);
    assert.deepEqual(
      fold(events).map((s) => s.endReason),
      ['replaced', null],
    );
  });

  it('extend it by an event that knows no port', () => {
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed', noPort],
    ]);
    const [sighting, ...rest] = fold(events);
    assert.deepEqual(rest, []);
    assert.deepEqual(told(sighting!), [0, 50, 150, null, null, 2]);
    assert.equal(sighting!.evidence, 'observed');
  });

  it('end it as expired at the end of the lease when the next grant comes too late', () => {
    const events = queueOf([
      [0, 'granted'],
      [101, 'granted'],
    ]);
    assert.deepEqual(fold(events).map(told), [
      [0, 0, 100, 100, 'expired', 1],
      [101, 101, 201, null, null, 1],
    ]);
  });

  it('G9: hold a lease in [start, end), so that at its very end only the next one matches', () => {
    const events = queueOf([
      [0, 'granted'],
      [100, 'granted', otherClient],
    ]);
    const sightings = fold(events);
    assert.deepEqual(sightings.map(told), [
      [0, 0, 100, 100, 'expired', 1],
      [100, 100, 200, null, null, 1],
    ]);
    const at = NOON + 100 * SECOND;
    const holders = sightings.filter((s) => s.firstSeen <= at && at < (s.endedAt ?? s.leaseUntil));
    assert.deepEqual(
      holders.map((s) => Buffer.from(s.hwaddr!).toString('hex')),
      ['020000000002'],
    );
  });

  for (const kind of ['released', 'declined'] as const) {
    it(`end it when its client has it ${kind}`, () => {
      const events = queueOf([
        [0, 'granted'],
        [30, kind],
      ]);
      assert.deepEqual(fold(events).map(told), [[0, 30, 100, 30, kind, 2]]);
    });

    it(`leave it alone when another client has the address ${kind}`, () => {
      const events = queueOf([
        [0, 'granted'],
        [30, kind, otherClient],
      ]);
      assert.deepEqual(fold(events).map(told), [[0, 0, 100, null, null, 1]]);
    });
  }

  it('end it when the lease is revoked, without the client having been seen', () => {
    assert.deepEqual(
      fold(
        queueOf([
          [0, 'granted'],
          [30, 'revoked'],
        ]),
      ).map(told),
      [[0, 0, 100, 30, 'revoked', 2]],
    );
  });

  it('end it at the end of the lease, however late the server tells of the expiry', () => {
    assert.deepEqual(
      fold(
        queueOf([
          [0, 'granted'],
          [500, 'expired'],
        ]),
      ).map(told),
      [[0, 0, 100, 100, 'expired', 2]],
    );
  });

  it('ignore an expiry that a renewal overtook', () => {
    const events = queueOf([
      [0, 'granted'],
      [90, 'renewed'],
      [100, 'expired'],
    ]);
    assert.deepEqual(fold(events).map(told), [[0, 90, 190, null, null, 2]]);
  });

  it('G8: make no sighting of a release or expiry of an unknown lease', () => {
    for (const kind of ['released', 'declined', 'expired', 'revoked'] as const) {
      assert.deepEqual(fold(queueOf([[0, kind]])), []);
    }
  });

  it('keep the latest hostname that was sent, and the strongest evidence', () => {
    const [sighting] = fold(
      queueOf([
        [0, 'granted', { hostname: Buffer.from('old'), evidence: 'carried' }],
        [10, 'renewed', { hostname: Buffer.from('new') }],
        [20, 'renewed', { evidence: 'carried' }],
      ]),
    );
    assert.equal(Buffer.from(sighting!.hostname!).toString(), 'new');
    assert.equal(sighting!.evidence, 'observed');
  });

  it('keep addresses apart', () => {
    const events = queueOf([
      [0, 'granted'],
      [5, 'granted', { ...otherPort, address: '10.0.0.8' }],
    ]);
    assert.deepEqual(
      fold(events).map((s) => [s.ip, s.endReason]),
      [
        ['10.0.0.7', null],
        ['10.0.0.8', null],
      ],
    );
  });

  it('take no notice of events of the server itself', () => {
    const events = queueOf([
      [0, 'granted'],
      [10, 'server-stopped', { address: null }],
      [20, 'server-started', { address: null }],
    ]);
    assert.deepEqual(fold(events).map(told), [[0, 0, 100, null, null, 1]]);
  });

  it('P3: give the same whatever the order of the events', () => {
    const property = fc.property(
      campus,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (queues, chance) => {
        const events = queues.flat();
        const shuffled = events.map((event) => ({ event, rank: chance.next().value as number }));
        shuffled.sort((a, b) => a.rank - b.rank);
        assert.deepEqual(fold(shuffled.map((one) => one.event)), fold(events));
      },
    );
    fc.assert(property);
  });

  it('never let two sightings hold one address at the same time, and count each event once at most', () => {
    const property = fc.property(campus, (queues) => {
      const sightings = fold(queues.flat());
      const byAddress = groupByIp(sightings);
      for (const own of byAddress.values()) {
        own.forEach((sighting, i) => {
          assert.ok((sighting.endedAt ?? Number.POSITIVE_INFINITY) >= sighting.firstSeen);
          const next = own[i + 1];
          if (next) assert.ok(sighting.endedAt !== null && sighting.endedAt <= next.firstSeen);
        });
      }
      const counted = sightings.reduce((sum, s) => sum + s.events, 0);
      assert.ok(counted <= queues.flat().filter((event) => event.address !== null).length);
    });
    fc.assert(property);
  });

  it('order events by time, then queue, then sequence', () => {
    const keys = [
      { at: 1, queue: 'b', sequence: 1 },
      { at: 2, queue: 'a', sequence: 2 },
      { at: 2, queue: 'a', sequence: 10 },
      { at: 2, queue: 'b', sequence: 1 },
    ];
    assert.deepEqual(keys.toReversed().sort(compareKeys), keys);
  });
});

function groupByIp(sightings: readonly Sighting[]): Map<string, Sighting[]> {
  const groups = new Map<string, Sighting[]>();
  for (const sighting of sightings) groups.set(sighting.ip, [...(groups.get(sighting.ip) ?? []), sighting]);
  return groups;
}
