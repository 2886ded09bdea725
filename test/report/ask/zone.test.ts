import assert from 'node:assert/strict';
import { UsageError } from '../../../src/base/errors.js';
import { formatInZone, parseZone, readingsOf } from '../../../src/report/ask/zone.js';

const at = (iso: string) => Date.parse(iso) * 1000;

describe('time zones', () => {
  it('accepts IANA names in any case', () => {
    assert.equal(parseZone('Europe/Berlin'), 'Europe/Berlin');
    assert.equal(parseZone('europe/berlin'), 'Europe/Berlin');
    assert.equal(parseZone('utc'), 'UTC');
    assert.equal(parseZone('Asia/Kolkata'), 'Asia/Kolkata');
  });

  for (const bad of ['Europe/Berln', '+02:00', '', 'local time', '\u001b[31m', 'UTC+1']) {
    it(`refuses ${JSON.stringify(bad)} with a hint`, () => {
      assert.throws(
        () => parseZone(bad),
        (error) => error instanceof UsageError && /IANA database/.test(error.hint ?? ''),
      );
    });
  }

  it('names the nearest zone', () => {
    assert.throws(() => parseZone('Europe/Berln'), { hint: 'use a name of the IANA database, such as Europe/Berlin' });
  });

  it('shows times to the second below', () => {
    assert.equal(formatInZone(at('2026-11-20T14:03:07.999Z') + 999, 'UTC'), '2026-11-20 14:03:07');
    assert.equal(formatInZone(at('2026-11-20T23:30:00Z'), 'Asia/Tokyo'), '2026-11-21 08:30:00');
  });

  it('adds the offset to a time that the clock shows twice, and only then', () => {
    const show = (iso: string) => formatInZone(at(iso), 'Europe/Berlin');
    assert.equal(show('2026-10-25T00:30:00Z'), '2026-10-25 02:30:00+02:00');
    assert.equal(show('2026-10-25T01:30:00Z'), '2026-10-25 02:30:00+01:00');
    assert.equal(show('2026-10-25T02:00:00Z'), '2026-10-25 03:00:00');
  });

  it('finds no reading in the hour that is left out and two in the hour that comes twice', () => {
    const wall = (month: number, day: number, hour: number) => ({
      year: 2026,
      month,
      day,
      hour,
      minute: 30,
      second: 0,
    });
    assert.deepEqual(readingsOf(wall(3, 29, 2), 'Europe/Berlin'), []);
    assert.deepEqual(readingsOf(wall(10, 25, 2), 'Europe/Berlin'), [
      at('2026-10-25T00:30:00Z'),
      at('2026-10-25T01:30:00Z'),
    ]);
    assert.deepEqual(readingsOf(wall(6, 1, 2), 'Europe/Berlin'), [at('2026-06-01T00:30:00Z')]);
  });
});
