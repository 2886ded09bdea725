import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromSqlTime, SystemClock, toIsoTime, toSqlTime } from '../../src/base/time.js';

describe('Times', () => {
  it('keep their microseconds in the form of DATETIME(6), which sorts as time does', () => {
    const anyTime = fc.nat({ max: 4_000_000_000_000_000 });
    fc.assert(
      fc.property(anyTime, anyTime, (one, other) => {
        assert.equal(fromSqlTime(toSqlTime(one)), one);
        assert.equal(toSqlTime(one) < toSqlTime(other), one < other);
      }),
    );
    assert.equal(toSqlTime(1_795_000_000_000_042), '2026-11-18 11:06:40.000042');
    assert.equal(toIsoTime(1_795_000_000_000_042), '2026-11-18T11:06:40.000042Z');
  });

  it('are not read from anything else', () => {
    for (const text of ['', '2026-11-20', '2026-13-20 00:00:00', '2026-11-20 14:03', '2026-11-20 14:03:07.1234567']) {
      assert.throws(() => fromSqlTime(text), RangeError, text);
    }
  });

  it("of the system clock lie within the machine's millisecond and do not go back on their own", () => {
    const clock = new SystemClock();
    let last = 0;
    for (let i = 0; i < 20_000; i++) {
      const before = Date.now();
      const now = clock.now();
      assert.ok(now >= before * 1000 && now < (Date.now() + 1) * 1000);
      assert.ok(Number.isInteger(now) && now >= last);
      last = now;
    }
  });
});
