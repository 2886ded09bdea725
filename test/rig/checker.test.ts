import assert from 'node:assert/strict';
import { check, type Run, readingOf, type Verdict } from '../../rig/checker/check.js';
import { compareTrail, countOf } from '../../rig/checker/compare.js';
import { OPTION, parsePackets, TYPE } from '../../rig/checker/packets.js';
import { withRevocations } from '../../rig/checker/revocations.js';
import { parseGaps, parseRows, type Row } from '../../rig/checker/rows.js';
import { readSights, type Sight } from '../../rig/checker/sights.js';
import { inOrder, staysOf } from '../../rig/checker/stays.js';
import { recordedRun } from './recorded-run.js';
import { rowOf } from './row-of.js';

const SECOND = 1_000_000;

/** The trail of servers that noted just these sights. */
function trailOf(sights: readonly Sight[], run: Run): Row[] {
  const addresses = new Set(sights.map(({ ip }) => ip));
  return [...addresses].flatMap((ip) =>
    staysOf(inOrder(sights.filter((sight) => sight.ip === ip)), readingOf(run)).map(rowOf),
  );
}

describe('The checker of the rig', () => {
  let run: Run;

  before(() => {
    run = recordedRun();
  });

  /** The verdict about the run with another trail. */
  function withRows(rows: readonly Row[]): Verdict {
    return check({ ...run, rows });
  }

  it('finds the recorded trail exact, in which a server was killed and a clock stepped', () => {
    const verdict = check(run);
    assert.ok(verdict.isExact, JSON.stringify(verdict, null, 1));
    assert.ok(run.faults.some(({ kind }) => kind === 'server-killed'));
    assert.ok(verdict.stays.expected >= 15, `${verdict.stays.expected} rows`);
    assert.equal(verdict.gaps.expected, 2);
  });

  it('catches an event that was dropped before the queue, whichever it is', () => {
    const { sights } = readSights(run.packets, run.passages, run.faults);
    assert.ok(withRows(trailOf(sights, run)).isExact);
    for (const lost of sights.filter(({ isDoubtful }) => !isDoubtful)) {
      // A release comes to the server several times, and only the first time it ends something
      const isLost = (sight: Sight) =>
        sight === lost ||
        (lost.kind === 'released' &&
          sight.kind === 'released' &&
          sight.mac === lost.mac &&
          Math.abs(sight.told - lost.told) < SECOND);
      const rows = trailOf(
        sights.filter((sight) => !isLost(sight)),
        run,
      );
      assert.ok(!withRows(rows).isExact, JSON.stringify(lost));
    }
  });

  it('catches a port that was swapped with another in the rule of sightings', () => {
    const swap: Record<string, string> = { 'Gi1/0/1': 'Gi1/0/2', 'Gi1/0/2': 'Gi1/0/1' };
    const swapped = run.rows.map((row) => {
      const portName = swap[row.portName!];
      return portName ? { ...row, portName, circuitId: Buffer.from(portName).toString('hex') } : row;
    });
    const count = run.rows.filter(({ portName }) => portName! in swap).length;
    assert.ok(count >= 2);
    assert.equal(countOf(withRows(swapped).stays), count);
  });

  it('catches an ACK that was sent before the commit when the server crashed', () => {
    const { sights } = readSights(run.packets, run.passages, run.faults);
    for (const fault of run.faults.filter(({ kind }) => kind === 'server-killed')) {
      assert.ok(fault.kind === 'server-killed');
      const isBefore = ({ kind, server, at }: Sight) => kind === 'lease' && server === fault.server && at.to < fault.at;
      const before = sights.filter(isBefore);
      const rows = trailOf(
        sights.filter((sight) => sight !== before.at(-1)),
        run,
      );
      assert.ok(!withRows(rows).isExact);
    }
  });

  it('catches a row that is missing, and one that is too many', () => {
    for (const row of run.rows) {
      const rest = run.rows.filter((other) => other !== row);
      assert.equal(countOf(withRows(rest).stays), 1);
      const { missing, surplus, wrong } = withRows([...run.rows, { ...row, ip: '198.18.0.250' }]).stays;
      assert.deepEqual([missing.length, surplus.length, wrong.length], [0, 1, 0]);
    }
  });

  it('catches every column that says something else', () => {
    for (const row of run.rows) {
      const others: Partial<Row>[] = [
        { switchName: 'sw-9' },
        { portName: null },
        { remoteId: '00' },
        { circuitId: null },
        { clientId: 'ff' },
        { hostname: 'nobody' },
        { firstSeen: row.firstSeen - SECOND },
        { lastSeen: row.lastSeen + SECOND },
        { leaseUntil: row.leaseUntil + SECOND },
        { endedAt: row.endedAt === null ? row.leaseUntil : null },
        { endReason: row.endReason === 'moved' ? 'replaced' : 'moved' },
        { evidence: 'carried' },
        { server: 'dhcp-c' },
        { events: row.events + 2 },
      ];
      for (const other of others) {
        const rows = run.rows.map((each) => (each === row ? { ...row, ...other } : each));
        const { wrong } = withRows(rows).stays;
        assert.equal(wrong.length, 1, `${JSON.stringify(other)} in ${JSON.stringify(row)}`);
      }
    }
  });

  it('allows a time no more than the round trip of the packet, and the millisecond of the clock', () => {
    const { sights } = readSights(run.packets, run.passages, run.faults);
    const first = sights.find(({ ip, at }) =>
      run.rows.some((row) => row.ip === ip && row.firstSeen >= at.from && row.firstSeen <= at.to),
    )!;
    const row = run.rows.find(
      ({ ip, firstSeen }) => ip === first.ip && firstSeen >= first.at.from && firstSeen <= first.at.to,
    )!;
    for (const [firstSeen, isRight] of [
      [first.at.from - 1000, true],
      [first.at.to + 1000, true],
      [first.at.from - 1001, false],
      [first.at.to + 1001, false],
    ] as const) {
      const rows = run.rows.map((each) => (each === row ? { ...row, firstSeen } : each));
      assert.equal(countOf(withRows(rows).stays) === 0, isRight);
    }
  });

  it('catches a gap that is not named, one that is none, and one of another time', () => {
    const gap = run.gaps.find(({ kind }) => kind === 'server-down')!;
    const others = run.gaps.filter((other) => other !== gap);
    const gapsOf = (gaps: Run['gaps']) => {
      const { missing, surplus, wrong } = check({ ...run, gaps }).gaps;
      return [missing.length, surplus.length, wrong.length];
    };
    assert.deepEqual(gapsOf(others), [1, 0, 0]);
    assert.deepEqual(gapsOf([...run.gaps, { ...gap, server: 'dhcp-c' }]), [0, 1, 0]);
    const { undone } = run.faults.find(({ kind }) => kind === 'server-killed')!;
    assert.deepEqual(gapsOf([...others, { ...gap, until: undone - SECOND }]), [0, 0, 1]);
  });

  it('does not believe a packet that nobody sent, or that was changed on its way', () => {
    const request = run.packets.find(({ type }) => type === TYPE.request)!;
    const unsent = run.passages.filter(({ xid }) => xid !== request.xid);
    assert.ok(check({ ...run, passages: unsent }).contradictions.length > 0);
    const options = new Map(request.options).set(OPTION.relayAgent, '0101ff0201ff');
    const packets = run.packets.map((packet) => (packet === request ? { ...request, options } : packet));
    assert.ok(!check({ ...run, packets }).isExact);
  });

  it('accepts either outcome of a request that a killed server did not answer, and of no other', () => {
    const { sights } = readSights(run.packets, run.passages, run.faults);
    const last = sights.findLast(({ kind }) => kind === 'lease')!;
    const doubtful = sights.map((sight) => (sight === last ? { ...last, isDoubtful: true } : sight));
    const without = sights.filter((sight) => sight !== last);
    for (const noted of [sights, without]) {
      assert.equal(countOf(compareTrail(withRevocations(doubtful), trailOf(noted, run), readingOf(run))), 0);
    }
    const other = sights.findLast((sight) => sight.kind === 'lease' && sight.ip !== last.ip)!;
    const rows = trailOf(
      without.filter((sight) => sight !== other),
      run,
    );
    assert.ok(countOf(compareTrail(withRevocations(doubtful), rows, readingOf(run))) > 0);
  });

  it('reads what tshark and mariadb print', () => {
    const line = [
      '1795664259.137276000',
      '198.18.0.1',
      '3',
      '0x2d928022',
      '02:00:00:00:00:05,02:00:00:00:00:05',
      '0.0.0.0',
      '0.0.0.0',
    ]
      .concat(['198.18.0.129', '53,80,12,0,255', '1,0,8', '03,636c69656e742d35'])
      .join('\t');
    const [packet] = parsePackets(`${line}\n`, 'dhcp-a');
    assert.equal(packet!.at, 1795664259137276);
    assert.deepEqual(
      [...packet!.options],
      [
        [53, '03'],
        [12, '636c69656e742d35'],
      ],
    );
    assert.deepEqual(parseGaps('dhcp-a\tserver-down\t2026-11-26 03:37:39.139283\t2026-11-26 03:37:40.000001\n'), [
      { server: 'dhcp-a', kind: 'server-down', from: 1795664259139283, until: 1795664260000001 },
    ]);
    assert.throws(() => parseRows('a\tb\n'), /2 columns and not 16/);
    assert.throws(() => parsePackets('a\tb\n', 'dhcp-a'), /2 fields/);
  });
});
