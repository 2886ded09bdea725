import assert from 'node:assert/strict';
import { compareTrail, countOf } from '../../rig/checker/compare.js';
import { type Fault, macOfClient } from '../../rig/checker/journal.js';
import { OPTION, type Packet, TYPE } from '../../rig/checker/packets.js';
import { withRevocations } from '../../rig/checker/revocations.js';
import { RoundTrips } from '../../rig/checker/round-trips.js';
import type { Row } from '../../rig/checker/rows.js';
import { ServerTime } from '../../rig/checker/server-time.js';
import { readSights, type Sight } from '../../rig/checker/sights.js';
import { inOrder, type Reading, staysOf } from '../../rig/checker/stays.js';
import { option82Of, portLabel } from '../../rig/roles/labels.js';
import { rowOf } from './row-of.js';

const S = 1_000_000;
const LEASE = 24;

/** A lease that was given within a millisecond of `second`, on port `port`. */
function lease(second: number, port: number, more: Partial<Sight> = {}): Sight {
  return {
    kind: 'lease',
    server: 'dhcp-a',
    at: { from: second * S, to: second * S + 1000 },
    told: second * S,
    noted: second * S + 1000,
    giaddr: '198.18.0.129',
    ip: '198.18.0.140',
    mac: '02:00:00:00:00:01',
    clientId: undefined,
    hostname: 'client-1',
    port: portLabel(1, port),
    leaseTime: LEASE,
    isDoubtful: false,
    ...more,
  };
}

/** A trail that was read at this second, by clocks that were never set. */
const readAt = (second: number): Reading => ({ at: second * S, shown: new Map(), setBack: new Set() });
/** What is expected of a trail that is read long after the last lease was over. */
const reading = readAt(1000);

const rowsOf = (sights: Sight[]) => staysOf(sights, reading).map(rowOf);
const differences = (sights: Sight[], rows: Row[]) => countOf(compareTrail(sights, rows, reading));

function ends(sights: Sight[], at = 1000) {
  const stays = staysOf(inOrder(sights), readAt(at));
  return stays.map(({ port, endReason, endedAt, events }) => [
    port.portName,
    endReason,
    endedAt && endedAt.from / S,
    events,
  ]);
}

describe('The stays that the checker of the rig expects', () => {
  it('go on with the client on its port, and end when it moves, when another takes the address, and when the lease is over', () => {
    const other = { mac: '02:00:00:00:00:02', hostname: 'client-2' };
    const sights = [lease(0, 1), lease(10, 1), lease(20, 2), lease(30, 2, other), lease(100, 2, other)];
    assert.deepEqual(ends(sights), [
      ['Gi1/0/1', 'moved', 20, [2]],
      ['Gi1/0/2', 'replaced', 30, [1]],
      ['Gi1/0/2', 'expired', 30 + LEASE, [2]],
      ['Gi1/0/2', 'expired', 100 + LEASE, [2]],
    ]);
    assert.deepEqual(ends(sights.slice(0, 2), 20), [['Gi1/0/1', undefined, undefined, [2]]]);
  });

  it('have what a server was told in this order, even where its clock was set back meanwhile', () => {
    const back = { at: { from: 5 * S, to: 11 * S }, told: 12 * S };
    const sights = [lease(0, 1), lease(10, 1, { kind: 'released', leaseTime: 0 }), lease(12, 1, back)];
    assert.deepEqual(ends(sights), [
      ['Gi1/0/1', 'released', 10, [2]],
      ['Gi1/0/1', 'expired', 5 + LEASE, [2]],
    ]);
    // Another server has a clock of its own
    const other = [...sights.slice(0, 2), lease(12, 1, { ...back, server: 'dhcp-b' })];
    assert.deepEqual(ends(other), [['Gi1/0/1', 'released', 10, [3]]]);
  });

  it('end with a release of their own client, and with no other', () => {
    const release = (mac: string) => lease(5, 1, { kind: 'released', leaseTime: 0, mac });
    assert.deepEqual(ends([lease(0, 1), release('02:00:00:00:00:01')]), [['Gi1/0/1', 'released', 5, [2]]]);
    assert.deepEqual(ends([lease(0, 1), release('02:00:00:00:00:02')]), [['Gi1/0/1', 'expired', LEASE, [2]]]);
  });

  it('end with their time before a release that comes late, which may be noted in place of that', () => {
    const late = lease(LEASE + 1, 1, { kind: 'released', leaseTime: 0 });
    assert.deepEqual(ends([lease(0, 1), late]), [['Gi1/0/1', 'expired', LEASE, [1, 2]]]);
  });

  it('end with their time, which may be no event, if a server with another clock was told more in time', () => {
    const at = (second: number) => ({ at: { from: second * S, to: second * S + 1000 }, server: 'dhcp-b' });
    const behind = lease(5, 1, { kind: 'released', leaseTime: 0, ...at(-2) });
    assert.deepEqual(ends([lease(0, 1), behind]), [['Gi1/0/1', 'expired', LEASE, [1, 2]]]);
    const ahead = lease(LEASE - 2, 1, at(LEASE + 7));
    assert.deepEqual(ends([lease(0, 1), ahead, lease(LEASE + 5, 2)])[0], ['Gi1/0/1', 'expired', LEASE, [1, 2]]);
  });

  it('end with their time, which may be no event, if another server gave the lease at once: either may count as the last', () => {
    const b = (second: number) => lease(0, 1, { server: 'dhcp-b', noted: second * S });
    const next = lease(LEASE + 1, 2);
    assert.deepEqual(ends([b(0.01), lease(0, 1), next])[0], ['Gi1/0/1', 'expired', LEASE, [2, 3]]);
    assert.deepEqual(ends([b(-0.01), lease(0, 1), next])[0], ['Gi1/0/1', 'expired', LEASE, [3]]);
  });

  it('are told apart by their ports where the clocks of two servers show the same millisecond', () => {
    const second = { from: 10 * S + 500, to: 10 * S + 1500 };
    const sights = [lease(10, 1), lease(10, 2, { server: 'dhcp-b', at: second })];
    const [one, two] = rowsOf(sights) as [Row, Row];
    const [first, last] = [
      { ...one, firstSeen: 10 * S + 400, lastSeen: 10 * S + 400, endedAt: 10 * S + 600 },
      { ...two, firstSeen: 10 * S + 600, lastSeen: 10 * S + 600 },
    ];
    for (const rows of [
      [first, last],
      [last, first],
    ])
      assert.equal(differences(sights, rows), 0);
    const swapped = { portName: two.portName, circuitId: two.circuitId };
    assert.notEqual(differences(sights, [{ ...first, ...swapped }, last]), 0);
  });

  it('may begin at either server if both answered at once', () => {
    const second = lease(10, 2, { server: 'dhcp-b', at: { from: 10 * S + 500, to: 10 * S + 4000 }, leaseTime: 18 });
    const [before, after] = staysOf([lease(0, 1), lease(10, 2), second], readAt(11));
    assert.deepEqual(after!.servers, ['dhcp-a', 'dhcp-b']);
    assert.deepEqual(after!.firstSeen, { from: 10 * S, to: 10 * S + 1000 });
    assert.deepEqual(after!.lastSeen, { from: 10 * S + 500, to: 10 * S + 4000 });
    assert.deepEqual(after!.leaseUntil, { from: 28 * S + 500, to: 34 * S + 1000 });
    assert.deepEqual(before!.endedAt, after!.firstSeen);
    assert.deepEqual(after!.events, [2]);
  });
});

describe('The last lease that the checker of the rig expects', () => {
  it('is over by the clock of its server, too, as soon as that may have recorded and shipped its end, and surely some seconds later', () => {
    const ahead = (seconds: number): Reading => ({
      ...readAt(LEASE - 4),
      shown: new Map([['dhcp-a', (LEASE + seconds) * S]]),
    });
    const sights = [lease(0, 1)];
    const [row] = rowsOf(sights);
    const over: Row = { ...row!, endReason: 'expired', endedAt: LEASE * S, events: 2 };
    const open: Row = { ...row!, endReason: null, endedAt: null, events: 1 };
    const wrong = (one: Row, seconds: number) => countOf(compareTrail(sights, [one], ahead(seconds)));
    assert.deepEqual([wrong(open, -1), wrong(over, -1)], [0, 1]);
    assert.deepEqual([wrong(open, 3), wrong(over, 3)], [0, 0]);
    assert.deepEqual([wrong(open, 8), wrong(over, 8)], [1, 0]);
    const other: Reading = { ...readAt(LEASE - 4), shown: new Map([['dhcp-b', (LEASE + 8) * S]]) };
    assert.equal(countOf(compareTrail(sights, [over], other)), 1);
  });
});

describe('The expiry that the checker of the rig expects', () => {
  const next = (server: string) =>
    lease(LEASE + 1, 2, { server, at: { from: (LEASE + 1) * S, to: (LEASE + 1) * S + 3000 } });
  const counts = (...after: Sight[]) => staysOf([lease(0, 1), ...after], reading)[0]!.events;

  it('is counted, unless the other server gave the address first, or as soon', () => {
    assert.deepEqual(counts(next('dhcp-a')), [2]);
    assert.deepEqual(counts(next('dhcp-b')), [1, 2]);
    assert.deepEqual(counts(next('dhcp-a'), next('dhcp-b')), [1, 2]);
  });
});

describe('The order of two servers that the checker of the rig expects', () => {
  const slow = lease(10, 1, { at: { from: 10 * S, to: 13 * S } });
  const moved = (second: number) => [second, second].map((at) => lease(at, 2, { server: 'dhcp-b' }));

  it('is either one where one noted something within the round trip of the other, and no other', () => {
    for (const [second, isOpen] of [
      [12, true],
      [14, false],
    ] as const) {
      const earlier = rowsOf([lease(10, 1, { at: { from: 11 * S, to: 11 * S } }), ...moved(second)]);
      const later = rowsOf([...moved(second), lease(10, 1, { at: { from: 13 * S, to: 13 * S } })]);
      const sights = [slow, ...moved(second)];
      assert.equal(differences(sights, earlier), 0);
      assert.equal(differences(sights, later) === 0, isOpen);
    }
  });

  it('gives each stay its own row where two begin within one round trip, in whatever order the rows come', () => {
    const trip = (from: number, to: number): Partial<Sight> => ({
      at: { from: from * S, to: to * S },
      told: from * S,
      noted: to * S,
    });
    const release = { kind: 'released', leaseTime: 0, server: 'dhcp-b' } as const;
    const asked = (first: Partial<Sight>, end: Partial<Sight>, second: Partial<Sight>) => [
      lease(10, 1, { ...first, server: 'dhcp-b' }),
      lease(10, 1, { ...release, ...end }),
      lease(10, 1, second),
      lease(12, 1, { server: 'dhcp-b' }),
    ];
    const sights = asked(trip(10, 10.003), trip(10, 10.6), trip(10.0014, 10.0039));
    const rows = rowsOf(asked(trip(10.001, 10.001), trip(10.001, 10.001), trip(10.0018, 10.0018)));
    assert.deepEqual(
      rows.map(({ endReason, server }) => [endReason, server]),
      [
        ['released', 'dhcp-b'],
        ['expired', 'dhcp-a'],
      ],
    );
    for (const trail of [rows, rows.toReversed()]) assert.equal(differences(sights, trail), 0);
    const [first, second] = rows as [Row, Row];
    assert.notEqual(differences(sights, [first]), 0);
    assert.notEqual(differences(sights, [second, { ...first, endReason: 'moved' }]), 0);
  });

  it('is that of their batches where both stood still while a client moved: what one noted it noted at once, and in its own order', () => {
    const a = { server: 'dhcp-a' };
    const b = { server: 'dhcp-b' };
    const asked = [
      [10, 1],
      [11, 2],
      [12, 2],
    ] as const;
    const sights = asked.flatMap(([second, port]) =>
      [b, b, a].map((server) =>
        lease(second, port, { ...server, at: { from: second * S, to: 13 * S }, noted: 13 * S }),
      ),
    );
    const batch = (second: number, ports: readonly number[], server: Partial<Sight>) =>
      ports.map((port) => lease(second, port, { ...server, at: { from: second * S, to: second * S } }));
    const inTurn = rowsOf([...batch(12.1, [1, 1, 2, 2, 2, 2], b), ...batch(12.8, [1, 2, 2], a)]);
    assert.equal(inTurn.length, 4);
    assert.equal(differences(sights, inTurn), 0);
    const upset = rowsOf([...batch(12.1, [1, 1, 2, 2, 2, 2], b), ...batch(12.8, [2, 2, 1], a)]);
    assert.notEqual(differences(sights, upset), 0);
  });
});

describe('What a client sends straight and through its relay', () => {
  const millis = (after: number, more: Partial<Sight>) =>
    lease(5, 1, { told: 5 * S + after, at: { from: 5 * S + after, to: 5 * S + 9000 }, noted: 5 * S + 9000, ...more });
  const straight = { giaddr: '0.0.0.0' };
  const release = { kind: 'released', leaseTime: 0 } as const;
  const [renewal, end, copy] = [millis(0, straight), millis(1, { ...release, ...straight }), millis(2, {})];
  const copyOfEnd = millis(3, release);

  it('is noted by a server in either order', () => {
    const sights = [lease(0, 1), renewal, end, copy, copyOfEnd];
    const [inTurn, other] = [rowsOf(sights), rowsOf([lease(0, 1), renewal, copy, end, copyOfEnd])];
    assert.deepEqual([inTurn.length, other.length], [2, 1]);
    assert.deepEqual([differences(sights, inTurn), differences(sights, other)], [0, 0]);
  });

  it('may be noted by one server while the other has done with it, though that fits nearly as well if it is this one’s own copy', () => {
    const b = { server: 'dhcp-b' };
    const [b1, b2, b3] = [millis(0, { ...straight, ...b }), millis(1, b), millis(3, { ...release, ...straight, ...b })];
    const late = millis(2, {});
    const after = [lease(7, 1), lease(15, 1, release)];
    const rows = rowsOf([lease(0, 1, b), b1, b2, b3, late, ...after]);
    assert.deepEqual(
      rows.map(({ server, events }) => [server, events]),
      [
        ['dhcp-b', 4],
        ['dhcp-a', 3],
      ],
    );
    assert.equal(differences([lease(0, 1, b), b1, b2, late, b3, ...after], rows), 0);
  });

  it('is noted in the order in which it came by the same way, or once the first was noted', () => {
    const other = rowsOf([lease(0, 1), renewal, copy, end, copyOfEnd]);
    const noted = [
      { ...end, giaddr: copy.giaddr },
      { ...end, noted: copy.told - 1 },
    ];
    for (const first of noted) assert.notEqual(differences([lease(0, 1), renewal, first, copy, copyOfEnd], other), 0);
  });

  it('ends nothing by a copy of what ended a lease before, though the address was given in between', () => {
    const kinds = (types: readonly [number, string][]) => {
      const passages = [1, 2].map((xid) => ({
        at: 0,
        client: 1,
        socket: { switch: 1, port: 1 },
        xid: `0000000${xid}`,
      }));
      const packets = types.map(([type, giaddr], i) => packet(type, giaddr, 1000 * (i + 1)));
      const { sights, contradictions } = readSights(packets, passages, []);
      assert.deepEqual(contradictions, []);
      return sights.map(({ kind }) => kind).sort();
    };
    const { request, ack, release } = TYPE;
    const [unicast, relay] = ['0.0.0.0', '198.18.0.129'];
    const given: [number, string][] = [
      [request, unicast],
      [ack, unicast],
    ];
    const copies: [number, string][] = [
      [release, unicast],
      [request, relay],
      [release, relay],
      [ack, relay],
    ];
    assert.deepEqual(kinds([...given, ...copies]), ['lease', 'lease', 'released']);
    assert.deepEqual(kinds([...given, [release, unicast], [release, relay]]), ['lease', 'released']);
  });

  it('is noted by when the server answered what came soon after, and else within half a second', () => {
    const exchange = (asked: number, answered: number) => [
      packet(TYPE.request, '198.18.0.129', asked),
      packet(TYPE.ack, '198.18.0.129', answered),
    ];
    const paused = [{ kind: 'server-paused', server: 'dhcp-a', at: 0, held: 0, undone: 9 * S, until: 9 * S }] as const;
    const noted = (asked: number, answered: number) => new RoundTrips(exchange(asked, answered), paused).noted(S);
    assert.equal(noted(1.4 * S, 1.6 * S), 1.6 * S);
    assert.equal(noted(1.1 * S, 1.2 * S), 1.2 * S);
    assert.equal(noted(1.6 * S, 1.7 * S), 1.5 * S);
  });

  /** As it passes the tap of dhcp-a. */
  function packet(type: number, giaddr: string, at: number): Packet {
    const option82 = option82Of(portLabel(1, 1)).toString('hex');
    const options = new Map([
      [OPTION.serverId, 'c6120002'],
      [OPTION.leaseTime, '00000018'],
      [OPTION.relayAgent, option82],
    ]);
    const address = '198.18.0.140';
    const xid = type === TYPE.release ? '00000002' : '00000001';
    return {
      at,
      server: 'dhcp-a',
      source: giaddr,
      type,
      xid,
      mac: macOfClient(1),
      ciaddr: address,
      yiaddr: address,
      giaddr,
      options,
    };
  }
});

describe('The end of a lease that the checker of the rig expects', () => {
  const at = (from: number, to = from) => ({
    at: { from: from * S, to: to * S },
    told: from * S,
    noted: from * S + 1000,
  });

  it('is on either side of a sight whose server had its clock set forward over it just then', () => {
    const sights = [lease(0, 1), lease(0, 1, at(LEASE - 3, LEASE + 1)), lease(0, 1, at(LEASE - 2.9, LEASE + 1.1))];
    const twiceAt = (second: number) => rowsOf([lease(0, 1), lease(0, 1, at(second)), lease(0, 1, at(second))]);
    const [early, late] = [twiceAt(LEASE - 2.9), twiceAt(LEASE + 1)];
    assert.deepEqual([early.length, late.length], [1, 2]);
    assert.deepEqual([differences(sights, early), differences(sights, late)], [0, 0]);
  });

  it('is before a sight that came later by all clocks, and after one that came earlier', () => {
    const onceAt = (second: number) => rowsOf([lease(0, 1), lease(0, 1, at(second))]);
    for (const [second, other] of [
      [LEASE + 1, LEASE - 1],
      [LEASE - 1, LEASE + 1],
    ] as const) {
      const sights = [lease(0, 1), lease(0, 1, at(second))];
      assert.equal(differences(sights, onceAt(second)), 0);
      assert.ok(differences(sights, onceAt(other)) > 0);
    }
  });
});

describe("The servers' clocks that the checker of the rig expects", () => {
  const step = (at: number, seconds: number): Fault => ({
    kind: 'clock-stepped',
    server: 'dhcp-a',
    seconds,
    at: at * S,
    undone: at * S,
    until: at * S + 100,
  });

  it('show what was added to them, and hold where they were set back', () => {
    const time = new ServerTime('dhcp-a', [step(100, 8), step(200, -8)]);
    const stamp = (from: number) => time.stamp({ from: from * S, to: from * S + 1000 });
    assert.deepEqual(stamp(50), { from: 50 * S, to: 50 * S + 1000 });
    assert.deepEqual(stamp(150), { from: 158 * S, to: 158 * S + 1000 });
    assert.deepEqual(stamp(199), { from: 207 * S, to: 207 * S + 1000 });
    assert.deepEqual(stamp(202), { from: 207 * S, to: 208 * S + 100 });
    assert.deepEqual(stamp(300), { from: 300 * S, to: 300 * S + 1000 });
    // It had no answer, and is asked for last
    assert.equal(time.stamp({ from: 203 * S, to: 204 * S }, false).from, 207 * S);
    assert.deepEqual(new ServerTime('dhcp-b', [step(100, 8)]).stamp({ from: 150 * S, to: 151 * S }).from, 150 * S);
  });

  it('are read by nobody during a pause', () => {
    const times = { at: 9 * S, held: 10 * S, undone: 20 * S, until: 21 * S };
    const time = new ServerTime('dhcp-a', [{ kind: 'server-paused', server: 'dhcp-a', ...times }]);
    assert.deepEqual(time.stamp({ from: 12 * S, to: 22 * S }), { from: 20 * S, to: 22 * S });
    // It may have noted the time just before, and answered afterwards
    assert.deepEqual(time.stamp({ from: 9 * S + 10, to: 22 * S }), { from: 9 * S + 10, to: 22 * S });
    assert.deepEqual(time.stamp({ from: 9 * S, to: 9 * S + 10 }), { from: 9 * S, to: 9 * S + 10 });
  });
});

describe('The revocations that the checker of the rig expects', () => {
  const ADDRESS = '198.18.0.140';
  const other = (second: number, more: Partial<Sight> = {}) => lease(second, 1, { ip: '198.18.0.141', ...more });
  const revoked = (sights: Sight[]) =>
    withRevocations(sights).flatMap(({ kind, ip, server, told, isDoubtful }) =>
      kind === 'revoked' ? [[ip, server, told / S, isDoubtful]] : [],
    );

  it('are those of leases whose client takes another address while they last', () => {
    assert.deepEqual(revoked([lease(0, 1), other(10), other(20)]), [[ADDRESS, 'dhcp-a', 10, true]]);
    assert.deepEqual(revoked([lease(0, 1), other(LEASE + 1)]), []);
    assert.deepEqual(revoked([lease(0, 1), other(10, { mac: '02:00:00:00:00:02' })]), []);
  });

  it('may come the second time if the server was about to end when it gave the other address the first time', () => {
    const sights = [lease(0, 1), other(10, { isDoubtful: true }), other(20)];
    assert.deepEqual(
      revoked(sights).map(([, , second]) => second),
      [10, 20],
    );
  });

  it('may come each time that the other server answers the client: it may have learned of the lease just then', () => {
    const b = { server: 'dhcp-b' };
    const sights = [lease(0, 1), other(5, b), other(15, b), other(LEASE + 1, b)];
    assert.deepEqual(revoked(sights), [
      [ADDRESS, 'dhcp-b', 5, true],
      [ADDRESS, 'dhcp-b', 15, true],
    ]);
  });

  it('reach a lease that a paused server gave when its client had another one already, and no other time', () => {
    // Asked at 3, server a noted it at 8, with a clock that is 6 s ahead; b gave the other address meanwhile
    const late = lease(3, 1, { at: { from: 14 * S, to: 14 * S + 1000 }, noted: 8 * S });
    const b = { server: 'dhcp-b' };
    const sights = withRevocations([late, other(7, b), other(21, b), other(31, b)]);
    const ofAddress = sights.filter(({ ip }) => ip === ADDRESS);
    const [stay] = rowsOf([late]);
    const revoked = (endedAt: number) => [{ ...stay!, endReason: 'revoked', endedAt, events: 2 }];
    assert.equal(differences(ofAddress, revoked(21 * S)), 0);
    assert.equal(differences(ofAddress, revoked(25 * S)), 1);
    assert.equal(differences(ofAddress, [stay!]), 0);
  });

  it('reach what the partner gave while this server stood still', () => {
    const slow = other(2, { server: 'dhcp-b', at: { from: 9 * S, to: 9 * S }, noted: 9 * S });
    assert.deepEqual(revoked([slow, lease(3, 1)]), [
      [ADDRESS, 'dhcp-b', 2, true],
      ['198.18.0.141', 'dhcp-a', 3, true],
    ]);
  });
});
