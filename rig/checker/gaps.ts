import type { Differences } from './compare.js';
import type { Fault } from './journal.js';
import type { GapRow } from './rows.js';
import { ServerTime } from './server-time.js';
import type { Sight } from './sights.js';
import { clockText, covers, type Span, spanText } from './span.js';

/** A gap that the trail must name. */
interface ExpectedGap {
  readonly server: string;
  readonly kind: string;
  readonly from: Span;
  readonly until: Span;
}

const MICROS = 1_000_000;
/** How long a server may take to notice a clock step, and by how much its time of the step may be wrong. */
const NOTICE = 2 * MICROS;

/** Compares the trail's gaps with the faults: each kill and each clock step must be one gap, and there must be no other. */
export function compareGaps(faults: readonly Fault[], sights: readonly Sight[], rows: readonly GapRow[]): Differences {
  const expected = faults.flatMap((fault) => expectedGap(fault, faults, sights));
  const result: Differences = { expected: expected.length, found: rows.length, missing: [], surplus: [], wrong: [] };
  const left = new Set(rows);
  for (const gap of expected) {
    const ofKind = [...left].filter((row) => row.server === gap.server && row.kind === gap.kind);
    const row = ofKind.find((candidate) => isRight(gap, candidate)) ?? ofKind[0];
    if (!row) result.missing.push(gapText(gap));
    else if (!isRight(gap, row)) result.wrong.push(`${rowText(row)} and not ${gapText(gap)}`);
    if (row) left.delete(row);
  }
  for (const row of left) result.surplus.push(rowText(row));
  return result;
}

function expectedGap(fault: Fault, faults: readonly Fault[], sights: readonly Sight[]): ExpectedGap[] {
  if (fault.kind === 'server-killed') {
    const { server, at, undone, until } = fault;
    const time = new ServerTime(server, faults);
    const end = time.shown({ from: at, to: at });
    const before = sights.filter((sight) => sight.server === server && !sight.isDoubtful && sight.at.to <= end.to);
    const last = Math.max(0, ...before.map((sight) => sight.at.from));
    return [
      {
        server,
        kind: 'server-down',
        from: { from: last, to: end.to },
        until: time.shown({ from: undone, to: until }),
      },
    ];
  }
  if (fault.kind !== 'clock-stepped') return [];
  const { server, at, until, seconds } = fault;
  const time = new ServerTime(server, faults);
  const before = time.shown({ from: at - 1, to: at - 1 });
  const after = { from: before.from + seconds * MICROS, to: before.to + seconds * MICROS };
  const [from, to] = seconds > 0 ? [before, after] : [after, before];
  const late = (span: Span) => ({ from: span.from, to: span.to + (until - at) + NOTICE });
  return [{ server, kind: 'clock-stepped', from: late(from), until: late(to) }];
}

function isRight(gap: ExpectedGap, row: GapRow): boolean {
  return covers(gap.from, row.from) && covers(gap.until, row.until);
}

function gapText({ server, kind, from, until }: ExpectedGap): string {
  return `${server} ${kind} from ${spanText(from)} until ${spanText(until)}`;
}

function rowText({ server, kind, from, until }: GapRow): string {
  return `${server} ${kind} from ${clockText(from)} until ${clockText(until)}`;
}
