import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Mclt } from '../../../src/server/failover/mclt.js';

const LONGEST = 300;

/** What becomes of a pair: the primary starts with another mclt, the two connect, either leases, time passes. */
const step = fc.oneof(
  fc.record({ what: fc.constant('restart' as const), mclt: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ what: fc.constant('connect' as const) }),
  fc.record({ what: fc.constant('lease' as const), by: fc.constantFrom('primary' as const, 'secondary' as const) }),
  fc.record({ what: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 200 }) }),
);

describe('The maximum client lead time of a pair', () => {
  it('is never less at one server than the other may have leased by, however it is changed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = 1000;
        let primary = new Mclt(60, LONGEST, null);
        let secondary = new Mclt(undefined, LONGEST, null);
        const connect = () => {
          const latest = () => Math.max(0, ...leases.map(({ until }) => until));
          secondary.agree(primary.announced, now, latest);
          primary.agree(primary.announced, now, latest);
        };
        const leases: { by: 'primary' | 'secondary'; mclt: number; until: number }[] = [];
        connect();
        for (const one of steps) {
          if (one.what === 'connect') connect();
          else if (one.what === 'pass') now += one.seconds;
          else if (one.what === 'lease') {
            const { granting } = one.by === 'primary' ? primary : secondary;
            leases.push({ by: one.by, mclt: granting, until: now + LONGEST });
          } else {
            primary = new Mclt(one.mclt, LONGEST, primary.memory);
            secondary = new Mclt(undefined, LONGEST, secondary.memory);
          }
          for (const { by, mclt, until } of leases) {
            const partner = by === 'primary' ? secondary : primary;
            if (now <= until) assert.ok(partner.longest(now) >= mclt, `${by} leased by ${mclt}`);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('counts at once if it is shorter, and when the partner knows it if it is longer', () => {
    const known = { mclt: 60, formerMclt: 0, formerUntil: 0 };
    assert.equal(new Mclt(30, LONGEST, known).granting, 30);
    const longer = new Mclt(90, LONGEST, known);
    assert.deepEqual([longer.announced, longer.granting], [90, 60]);
    longer.agree(90, 0, () => 0);
    assert.equal(longer.granting, 90);
  });

  it('forgets a longer one when the last lease by it is over', () => {
    const mclt = new Mclt(30, LONGEST, { mclt: 60, formerMclt: 0, formerUntil: 0 });
    assert.equal(mclt.longest(1000), 60);
    mclt.agree(30, 1000, () => 0);
    const kept = new Mclt(30, LONGEST, mclt.memory);
    assert.deepEqual([kept.longest(1000 + LONGEST), kept.longest(1001 + LONGEST)], [60, 30]);
  });

  it('allows for a longer one as long as a former lease may last, even if the longest lease became shorter as well', () => {
    const mclt = new Mclt(30, 100, { mclt: 60, formerMclt: 0, formerUntil: 0 });
    mclt.agree(30, 1000, () => 5000);
    assert.deepEqual([mclt.longest(5060), mclt.longest(5061)], [60, 30]);
    // Of a first lease nothing was promised
    const unheard = new Mclt(30, 40, { mclt: 60, formerMclt: 0, formerUntil: 0 });
    unheard.agree(30, 1000, () => 0);
    assert.deepEqual([unheard.longest(1060), unheard.longest(1061)], [60, 30]);
  });
});
