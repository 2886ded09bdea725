import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BindingStatus, REJECT } from '../../../src/protocol/failover/codes.js';
import { type Binding, neverUsed, sameHolder } from '../../../src/server/failover/binding.js';
import { readUpdate, type Update, updateOptions } from '../../../src/server/failover/binding-update.js';
import { type JudgeContext, judge, type Verdict } from '../../../src/server/failover/judge.js';
import { CLIENT, FIRST, OTHER, T0 } from './peer.js';

const STATUSES: readonly BindingStatus[] = ['FREE', 'ACTIVE', 'EXPIRED', 'RELEASED', 'ABANDONED', 'RESET', 'BACKUP'];

function binding(status: BindingStatus, changes: Partial<Binding> = {}): Binding {
  const holder = status === 'ABANDONED' ? null : CLIENT;
  return { ...neverUsed(FIRST), holder, starts: T0 - 50, ends: T0 + 50, cltt: T0 - 50, status, ...changes };
}

function context(changes: Partial<JudgeContext> = {}): JudgeContext {
  return { isPrimary: true, now: T0, inFlight: false, isOutdated: false, clockAhead: 0, ...changes };
}

/** The update for a binding, as the partner reads it. */
function told(given: Binding): Update {
  const read = readUpdate(updateOptions(given, true));
  if (read.kind === 'rejection') assert.fail(read.rejection.text);
  return read.update;
}

function outcome(verdict: Verdict): string | number {
  if (verdict.kind === 'take') return verdict.binding.status;
  return verdict.kind === 'refuse' ? verdict.code : `wait until ${verdict.until - T0}`;
}

describe('an update of the partner', () => {
  const own = { own: true, pending: true };
  const later = { cltt: T0 - 10, starts: T0 - 10 };
  /** Own binding, update, context, what comes of it. */
  const CASES: [string, Binding, Binding, Partial<JudgeContext>, string | number][] = [
    ['is taken of a free address', binding('BACKUP'), binding('ACTIVE'), {}, 'ACTIVE'],
    [
      'frees at once what has ended there',
      binding('ACTIVE', { ends: T0 - 1 }),
      binding('EXPIRED', { ends: T0 - 1 }),
      {},
      'FREE',
    ],
    ['frees at once what was released there', binding('ACTIVE'), binding('RELEASED', later), {}, 'FREE'],
    [
      'cannot lease again what was declined here since',
      binding('ABANDONED', { ...own, cltt: T0 - 10 }),
      binding('ACTIVE', later),
      {},
      REJECT.LESS_CRITICAL,
    ],
    [
      'leases again what was declined here before',
      binding('ABANDONED', { ...own, cltt: T0 - 20 }),
      binding('ACTIVE', later),
      {},
      'ACTIVE',
    ],
    [
      'waits where the own lease has some seconds left',
      binding('ACTIVE', { own: true }),
      binding('EXPIRED', { ends: T0 - 1 }),
      {},
      'wait until 50',
    ],
    ['is believed by who did not give the lease', binding('ACTIVE'), binding('EXPIRED', { ends: T0 - 1 }), {}, 'FREE'],
    [
      'cannot end a lease that goes on for long',
      binding('ACTIVE', { ends: T0 + 66 }),
      binding('EXPIRED', { ends: T0 - 1 }),
      {},
      REJECT.FATAL_CONFLICT,
    ],
    [
      'cannot end a lease that it does not know',
      binding('ACTIVE', own),
      binding('EXPIRED', { ends: T0 - 1 }),
      {},
      REJECT.FATAL_CONFLICT,
    ],
    [
      'is less critical if it crosses the extension of a lease that it takes for over',
      binding('ACTIVE', own),
      binding('EXPIRED', { ends: T0 - 1 }),
      { inFlight: true },
      REJECT.LESS_CRITICAL,
    ],
    ['cannot free an active lease', binding('ACTIVE'), binding('FREE', later), {}, REJECT.FATAL_CONFLICT],
    ['cannot take an active lease as backup', binding('ACTIVE'), binding('BACKUP', later), {}, REJECT.FATAL_CONFLICT],
    ['frees a lease that ended long ago', binding('ACTIVE', { ends: T0 - 60 }), binding('FREE', later), {}, 'FREE'],
    [
      'is outdated where the lease was extended here since',
      binding('ACTIVE', own),
      binding('RELEASED', { cltt: T0 - 60, starts: T0 - 60 }),
      {},
      REJECT.OUTDATED,
    ],
    [
      'is told again where both are on their way',
      binding('ACTIVE', own),
      binding('RELEASED', later),
      { inFlight: true },
      'RELEASED',
    ],
    [
      'is outdated where the lease was released here since',
      binding('RELEASED', { ...own, ...later }),
      binding('ACTIVE'),
      {},
      REJECT.OUTDATED,
    ],
    [
      'is less critical where a later lease is over here since',
      binding('EXPIRED', { ...own, ...later, ends: T0 - 1 }),
      binding('ACTIVE', { ends: T0 - 20 }),
      {},
      REJECT.LESS_CRITICAL,
    ],
    [
      'is outdated where it tells by the clock here what was given before it was released here',
      binding('RELEASED', { ...own, cltt: T0 - 10, starts: T0 - 10 }),
      binding('ACTIVE'),
      { clockAhead: 39 },
      REJECT.OUTDATED,
    ],
    [
      'goes on where the lease that is over here was the earlier one',
      binding('EXPIRED', { ...own, ends: T0 - 1 }),
      binding('ACTIVE', { ...later, ends: T0 - 20 }),
      {},
      'ACTIVE',
    ],
    [
      'goes on where the lease that is over here was no later one by the clock of the partner',
      binding('EXPIRED', { ...own, ...later, ends: T0 - 1 }),
      binding('ACTIVE', { own: true, ends: T0 - 20 }),
      { clockAhead: 39 },
      'ACTIVE',
    ],
    ['wins as active lease', binding('EXPIRED', own), binding('ACTIVE'), { inFlight: true }, 'ACTIVE'],
    [
      'loses to the primary otherwise',
      binding('EXPIRED', own),
      binding('RELEASED', later),
      { inFlight: true },
      REJECT.LESS_CRITICAL,
    ],
    [
      'wins over the secondary otherwise',
      binding('EXPIRED', own),
      binding('RELEASED', later),
      { inFlight: true, isPrimary: false },
      'FREE',
    ],
    [
      'loses to a later lease',
      binding('ACTIVE', { ...own, ...later }),
      binding('ACTIVE'),
      { inFlight: true },
      REJECT.LESS_CRITICAL,
    ],
    ['wins as the later lease', binding('ACTIVE', own), binding('ACTIVE', later), { inFlight: true }, 'ACTIVE'],
    [
      'loses to the primary in the same second',
      binding('ACTIVE', own),
      binding('ACTIVE', { ends: T0 + 99 }),
      { inFlight: true },
      REJECT.LESS_CRITICAL,
    ],
    [
      'is less critical where the partner has never heard of an address that was moved',
      binding('BACKUP', { holder: null, ends: 0 }),
      neverUsed(FIRST),
      { isPrimary: false },
      REJECT.LESS_CRITICAL,
    ],
    [
      'wins where nothing was heard of the address here',
      neverUsed(FIRST),
      binding('BACKUP', { holder: null, ends: 0 }),
      { inFlight: true },
      'BACKUP',
    ],
    ['is no news where both know it', binding('FREE', { pending: true }), binding('FREE'), { inFlight: true }, 'FREE'],
  ];
  for (const [what, mine, theirs, changes, expected] of CASES) {
    it(what, () => assert.equal(outcome(judge(mine, told(theirs), context(changes))), expected));
  }

  it('never shortens the end that a client was given', () => {
    const mine = binding('ACTIVE', { ...own, ends: T0 + 500, cltt: T0 - 20 });
    const verdict = judge(mine, told(binding('ACTIVE', { ends: T0 + 60, cltt: T0 - 1 })), context());
    assert.ok(verdict.kind === 'take');
    assert.deepEqual([verdict.binding.ends, verdict.binding.pending], [T0 + 500, true]);
  });

  it('is converted to the clock of this server where that end stays, except for a lease that only this server gave', () => {
    const mine = binding('ACTIVE', { ...own, starts: T0 - 20, cltt: T0 - 20, ends: T0 + 500 });
    const timesAfter = (theirs: Partial<Binding>, changes: Partial<Binding> = {}) => {
      const update = told(binding('ACTIVE', { ends: T0 + 60, ...theirs }));
      const verdict = judge({ ...mine, ...changes }, update, context({ clockAhead: -30 }));
      return (
        verdict.kind === 'take' && [verdict.binding.starts - T0, verdict.binding.cltt - T0, verdict.binding.pending]
      );
    };
    const seen = { starts: T0 + 20, cltt: T0 + 25 };
    assert.deepEqual(timesAfter({ ...seen, own: true }), [-10, -5, true]);
    assert.deepEqual(timesAfter(seen), [20, 25, true]);
    assert.deepEqual(timesAfter({ ...seen, own: true }, { own: false }), [20, 25, true]);
  });

  it('removes no port if it has no later exchange, as from a partner that assumes a longer lease', () => {
    const port = { giaddr: 0x0a000001, option82: 'port' };
    const mine = binding('ACTIVE', { port });
    const portAfter = (changes: Partial<Binding>, rest: Partial<Update> = {}, clockAhead = 0) => {
      const update = { ...told(binding('ACTIVE', { own: true, ends: T0 + 500, ...changes })), ...rest };
      const verdict = judge(mine, update, context({ clockAhead }));
      return verdict.kind === 'take' ? verdict.binding.port : undefined;
    };
    assert.deepEqual(portAfter({}), port);
    assert.equal(portAfter(later), null);
    assert.equal(portAfter({}, { portledger: undefined }), null);
    // 40 s later by the partner's clock
    assert.deepEqual(portAfter(later, {}, -40), port);
    assert.equal(portAfter(later, {}, -39), null);
    assert.equal(portAfter(later, { portledger: undefined }, -40), null);
  });

  it('is no echo of a lease that this server gave in the same second of a clock that differs', () => {
    const mine = binding('ACTIVE', own);
    const outcomeAt = (clockAhead: number, isPrimary: boolean, gaveIt = true) => {
      const verdict = judge(mine, told(binding('ACTIVE', { own: gaveIt })), context({ clockAhead, isPrimary }));
      return verdict.kind === 'wait' ? undefined : [verdict.kind, verdict.binding && verdict.binding.ends - T0];
    };
    assert.deepEqual(
      [outcomeAt(30, true), outcomeAt(-30, true)],
      [
        ['refuse', 80],
        ['refuse', 50],
      ],
    );
    assert.deepEqual(
      [outcomeAt(30, false), outcomeAt(2, true), outcomeAt(30, true, false)],
      [
        ['take', 50],
        ['take', 50],
        ['take', 50],
      ],
    );
  });

  it('gives no end to an own lease if the partner only assumed that', () => {
    const mine = binding('ACTIVE', { ...own, ends: T0 + 60, cltt: T0 - 1 });
    const endOf = (gaveIt: boolean) => {
      const verdict = judge(mine, told(binding('ACTIVE', { ends: T0 + 80, own: gaveIt })), context());
      return verdict.kind === 'refuse' ? verdict.binding?.ends : undefined;
    };
    assert.deepEqual([endOf(true), endOf(false)], [T0 + 80, T0 + 60]);
  });

  it('gives an end by the clock of the partner if the partner gave the lease', () => {
    const mine = binding('ACTIVE', { ...own, ends: T0 + 60, cltt: T0 - 20 });
    const endOf = (clockAhead: number, gaveIt = true) => {
      const update = told(binding('ACTIVE', { ends: T0 + 80, cltt: T0 - 1, own: gaveIt }));
      const verdict = judge(mine, update, context({ clockAhead }));
      return verdict.kind === 'take' ? verdict.binding.ends : undefined;
    };
    assert.deepEqual([endOf(0), endOf(-30), endOf(-30, false)], [T0 + 80, T0 + 60, T0 + 80]);
  });

  it('is decided alike by both servers if two cross, or one is sent again', () => {
    const any = fc.record({
      status: fc.constantFrom(...STATUSES),
      holder: fc.constantFrom(CLIENT, OTHER),
      ends: fc.integer({ min: T0 - 100, max: T0 + 200 }),
      cltt: fc.integer({ min: T0 - 100, max: T0 }),
    });
    fc.assert(
      fc.property(any, any, (one, two) => {
        const make = ({ status, holder, ends, cltt }: typeof one): Binding =>
          binding(status, {
            ends,
            cltt,
            starts: cltt,
            pending: true,
            own: true,
            holder: status === 'ABANDONED' ? null : holder,
          });
        const [first, second] = [make(one), make(two)];
        const atPrimary = judge(first, told(second), context({ inFlight: true }));
        const atSecondary = judge(second, told(first), context({ inFlight: true, isPrimary: false }));
        const taken = [atPrimary, atSecondary].flatMap((verdict) => (verdict.kind === 'take' ? [verdict.binding] : []));
        // At least one gives way. If both do, they end with the same, or one sends an update again
        assert.ok(taken.length > 0 || [atPrimary, atSecondary].some(({ kind }) => kind === 'wait'), 'nobody gives way');
        if (taken.length < 2) return;
        const [a, b] = taken as [Binding, Binding];
        const isAlike =
          a.status === b.status && (a.status !== 'ACTIVE' || (a.ends === b.ends && sameHolder(a.holder, b.holder)));
        assert.ok(isAlike || a.pending || b.pending, `${a.status} and ${b.status}`);
      }),
      { numRuns: 5000 },
    );
  });

  it('is refused if it lacks an option that it needs', () => {
    const refusal = (options: Parameters<typeof readUpdate>[0]) => {
      const read = readUpdate(options);
      return read.kind === 'rejection' ? [read.rejection.code, read.rejection.text] : [];
    };
    assert.deepEqual(refusal({}), [REJECT.MISSING_INFORMATION, 'no assigned-IP-address']);
    const address = { 'assigned-IP-address': FIRST };
    assert.deepEqual(refusal(address), [REJECT.MISSING_INFORMATION, 'no binding-status']);
    assert.deepEqual(refusal({ ...address, 'binding-status': 9 }), [REJECT.UNKNOWN, 'binding-status 9 is not known']);
    assert.deepEqual(refusal({ ...address, 'binding-status': 2 }), [
      REJECT.MISSING_INFORMATION,
      'ACTIVE without client-hardware-address',
    ]);
    const chaddr = Buffer.from([1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(refusal({ ...address, 'binding-status': 5, 'client-hardware-address': chaddr }), [
      REJECT.UNKNOWN,
      'ABANDONED with a client',
    ]);
  });
});
