import assert from 'node:assert/strict';
import fc from 'fast-check';
import { UsageError } from '../../../src/base/errors.js';
import { toIsoTime } from '../../../src/base/time.js';
import { parseTimeInput } from '../../../src/report/ask/time-input.js';
import { formatInZone } from '../../../src/report/ask/zone.js';

const NOW = Date.UTC(2026, 10, 20, 14, 3, 7, 0) * 1000 + 250;

const GOOD: [text: string, zone: string, utc: string][] = [
  ['now', 'UTC', '2026-11-20T14:03:07.000250Z'],
  ['NOW', 'Asia/Tokyo', '2026-11-20T14:03:07.000250Z'],
  ['2026-11-20T14:03:07Z', 'UTC', '2026-11-20T14:03:07.000000Z'],
  ['2026-11-20T14:03:07.5Z', 'UTC', '2026-11-20T14:03:07.500000Z'],
  ['2026-11-20T14:03:07.000123Z', 'Europe/Berlin', '2026-11-20T14:03:07.000123Z'],
  ['2026-11-20t14:03:07z', 'UTC', '2026-11-20T14:03:07.000000Z'],
  ['2026-11-20 14:03:07 UTC', 'Europe/Berlin', '2026-11-20T14:03:07.000000Z'],
  ['2026-11-20 14:03', 'UTC', '2026-11-20T14:03:00.000000Z'],
  ['  2026-11-20   14:03 ', 'UTC', '2026-11-20T14:03:00.000000Z'],
  ['2026-11-20', 'UTC', '2026-11-20T00:00:00.000000Z'],
  ['2026-11-20 14:03', 'Europe/Berlin', '2026-11-20T13:03:00.000000Z'],
  ['2026-07-20 14:03', 'Europe/Berlin', '2026-07-20T12:03:00.000000Z'],
  ['2026-11-20', 'Asia/Kolkata', '2026-11-19T18:30:00.000000Z'],
  ['2026-11-20T14:03:07+02:00', 'UTC', '2026-11-20T12:03:07.000000Z'],
  ['2026-11-20T14:03:07-0530', 'Europe/Berlin', '2026-11-20T19:33:07.000000Z'],
  ['2026-11-20 14:03 +02', 'UTC', '2026-11-20T12:03:00.000000Z'],
  ['2024-02-29 00:00', 'UTC', '2024-02-29T00:00:00.000000Z'],
  ['2h ago', 'UTC', '2026-11-20T12:03:07.000250Z'],
  ['90m ago', 'Europe/Berlin', '2026-11-20T12:33:07.000250Z'],
  ['3 days ago', 'UTC', '2026-11-17T14:03:07.000250Z'],
  ['1 week ago', 'UTC', '2026-11-13T14:03:07.000250Z'],
  ['1d 12h ago', 'UTC', '2026-11-19T02:03:07.000250Z'],
  ['1h30m ago', 'UTC', '2026-11-20T12:33:07.000250Z'],
  ['45 seconds ago', 'UTC', '2026-11-20T14:02:22.000250Z'],
  ['today', 'UTC', '2026-11-20T00:00:00.000000Z'],
  ['yesterday', 'Europe/Berlin', '2026-11-18T23:00:00.000000Z'],
  ['yesterday 14:00', 'Europe/Berlin', '2026-11-19T13:00:00.000000Z'],
  ['Today 9:30', 'UTC', '2026-11-20T09:30:00.000000Z'],
  // Just outside of the hours that clocks in Berlin leave out or show twice
  ['2026-03-29 01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59.000000Z'],
  ['2026-03-29 03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000000Z'],
  ['2026-10-25 01:59:59', 'Europe/Berlin', '2026-10-24T23:59:59.000000Z'],
  ['2026-10-25 03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000000Z'],
  // The same hours with an offset are one moment
  ['2026-10-25 02:30+02:00', 'Europe/Berlin', '2026-10-25T00:30:00.000000Z'],
  ['2026-10-25 02:30+01:00', 'Europe/Berlin', '2026-10-25T01:30:00.000000Z'],
  // A day that begins at one o'clock, and one whose midnight comes twice
  ['2017-10-15', 'America/Sao_Paulo', '2017-10-15T03:00:00.000000Z'],
  ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000000Z'],
  // Samoa had no 30 December in 2011
  ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000000Z'],
];

const BAD: [text: string, zone: string, message: RegExp][] = [
  ['', 'UTC', /^"" is not a time$/],
  ['soon', 'UTC', /is not a time/],
  ['14:03', 'UTC', /is not a time/],
  ['20.11.2026', 'UTC', /is not a time/],
  ['2026-11-20T14', 'UTC', /is not a time/],
  ['2026-11-20 14:03:07.1234567', 'UTC', /is not a time/],
  ['2026-11-20Z', 'UTC', /is not a time/],
  ['20261120T140307Z', 'UTC', /is not a time/],
  ['1234567890', 'UTC', /is not a time/],
  ['2h', 'UTC', /is not a time/],
  ['-2h ago', 'UTC', /is not a time/],
  ['2 fortnights ago', 'UTC', /^"fortnights" in "2 fortnights ago" is not a unit of time$/],
  ['999999999 weeks ago', 'UTC', /lies before 1970/],
  ['1970-01-01T00:00+01:00', 'UTC', /lies before 1970/],
  ['2026-02-29', 'UTC', /is not in the calendar/],
  ['2026-13-01', 'UTC', /is not in the calendar/],
  ['2026-00-10', 'UTC', /is not in the calendar/],
  ['2026-11-20 24:00', 'UTC', /is not in the calendar/],
  ['2026-11-20 14:60', 'UTC', /is not in the calendar/],
  ['2026-11-20 14:03:60Z', 'UTC', /is not in the calendar/],
  ['yesterday 25:00', 'UTC', /is not in the calendar/],
  ['1969-12-31', 'UTC', /is not in the years 1970 to 2254/],
  ['9999-01-01', 'UTC', /is not in the years/],
  ['2026-11-20 14:03+15:00', 'UTC', /^"\+15:00" in ".*" is not an offset from UTC$/],
  ['2026-03-29 02:30', 'Europe/Berlin', /does not exist in Europe\/Berlin: the clock was put forward over it$/],
  [
    '2026-10-25 02:30',
    'Europe/Berlin',
    /happened twice in Europe\/Berlin: 2026-10-25T00:30:00Z and 2026-10-25T01:30:00Z$/,
  ],
  ['2026-11-01 01:30:15.5', 'America/New_York', /: 2026-11-01T05:30:15Z and 2026-11-01T06:30:15Z$/],
];

describe('times that an auditor types', () => {
  for (const [text, zone, utc] of GOOD) {
    it(`reads "${text}" in ${zone} as ${utc}`, () => {
      assert.equal(toIsoTime(parseTimeInput(text, { now: NOW, zone })), utc);
    });
  }

  for (const [text, zone, message] of BAD) {
    it(`refuses "${text}" in ${zone}`, () => {
      assert.throws(
        () => parseTimeInput(text, { now: NOW, zone }),
        (error) => error instanceof UsageError && message.test(error.message) && error.hint !== undefined,
      );
    });
  }

  it('reads every moment back from its ISO form to the microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2254, 11, 31) }), fc.nat(999), (millis, micros) => {
        const at = millis * 1000 + micros;
        assert.equal(parseTimeInput(toIsoTime(at), { now: NOW, zone: 'Asia/Tokyo' }), at);
      }),
    );
  });

  it('reads every moment back from the form that tables show, in any zone', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'];
    const seconds = fc.integer({ min: Date.UTC(1975, 0, 1) / 1000, max: Date.UTC(2060, 0, 1) / 1000 });
    fc.assert(
      fc.property(seconds, fc.constantFrom(...zones), (second, zone) => {
        const at = second * 1_000_000;
        assert.equal(parseTimeInput(formatInZone(at, zone), { now: NOW, zone }), at);
      }),
      { numRuns: 500 },
    );
  });

  it('throws nothing but UsageError, whatever is typed', () => {
    const words = fc.constantFrom('2026', '-11-20', 'T', '14:03', 'ago', 'h', ' ', 'now', 'Z', '+99', '9999999', '.');
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          assert.ok(Number.isSafeInteger(parseTimeInput(text, { now: NOW, zone: 'Europe/Berlin' })));
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
