import assert from 'node:assert/strict';
import fc from 'fast-check';
import { UsageError } from '../../../src/base/errors.js';
import { parseAddressInput, parseMacInput } from '../../../src/report/ask/arguments.js';
import { parseRequest, type TimeOptions } from '../../../src/report/ask/request.js';
import { describeSpan } from '../../../src/report/ask/span.js';

const NOW = Date.UTC(2026, 10, 20, 14) * 1000;

const MACS: [string, string][] = [
  ['02:00:00:00:00:01', '02:00:00:00:00:01'],
  ['02-00-00-00-00-0A', '02:00:00:00:00:0a'],
  ['0200.0000.0001', '02:00:00:00:00:01'],
  ['0200-0000-0001', '02:00:00:00:00:01'],
  ['020000-000001', '02:00:00:00:00:01'],
  ['020000000001', '02:00:00:00:00:01'],
  [' 2:0:0:0:0:1 ', '02:00:00:00:00:01'],
  ['02 00 00 00 00 01', '02:00:00:00:00:01'],
  ['0011223344556677', '00:11:22:33:44:55:66:77'],
];

const NOT_MACS = ['', '02:00:00:00:00:0g', '02:00-00:00:00:01', '0200000000001', '02:00:00:00:00:001', 'aa', 'zz:zz'];

describe('what an auditor asks for', () => {
  for (const [text, mac] of MACS)
    it(`reads the hardware address "${text}"`, () => assert.equal(parseMacInput(text), mac));

  for (const text of [...NOT_MACS, `${'aa:'.repeat(16)}aa`, "02:00:00:00:00:01' OR 1=1"]) {
    it(`refuses the hardware address "${text}"`, () => {
      assert.throws(
        () => parseMacInput(text),
        (error) => error instanceof UsageError && error.hint !== undefined,
      );
    });
  }

  it('reads every notation of any hardware address as the same one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex');
        const expected = hex.replace(/..(?=.)/g, '$&:');
        const notations = [
          hex,
          expected,
          hex.replace(/..(?=.)/g, '$&-'),
          hex.replace(/....(?=.)/g, '$&.'),
          hex.toUpperCase(),
        ];
        for (const notation of notations) assert.equal(parseMacInput(notation), expected);
      }),
    );
  });

  it('reads addresses in their canonical text', () => {
    assert.equal(parseAddressInput(' 198.18.0.1 '), '198.18.0.1');
    assert.equal(parseAddressInput('2001:DB8:0:0::1'), '2001:db8::1');
  });

  for (const text of [
    '',
    '198.18.0',
    '198.18.0.256',
    '198.18.0.01',
    '198.18.0.0/16',
    'fe80::1%eth0',
    'sw-a',
    "1' --",
  ]) {
    it(`refuses the address "${text}"`, () => {
      assert.throws(
        () => parseAddressInput(text),
        (error) => error instanceof UsageError && error.hint !== undefined,
      );
    });
  }

  const request = (options: TimeOptions) => parseRequest({ kind: 'mac', mac: '0200.0000.0001' }, options, NOW);

  it('is about all time unless it says when', () => {
    assert.deepEqual(request({}), {
      question: { kind: 'mac', mac: '02:00:00:00:00:01' },
      span: { kind: 'all' },
      zone: 'UTC',
      now: NOW,
    });
  });

  it('may leave either end of its span open', () => {
    const texts = [
      { from: '2026-11-19' },
      { to: '2026-11-19' },
      { from: '2026-11-18', to: '2026-11-19' },
      { at: 'now' },
    ];
    assert.deepEqual(
      texts.map((options) => describeSpan(request({ ...options, timezone: 'Asia/Tokyo' }).span, 'Asia/Tokyo')),
      [
        'since 2026-11-19 00:00:00 Asia/Tokyo',
        'before 2026-11-19 00:00:00 Asia/Tokyo',
        'between 2026-11-18 00:00:00 and 2026-11-19 00:00:00 Asia/Tokyo',
        'at 2026-11-20 23:00:00 Asia/Tokyo',
      ],
    );
  });

  const contradictions: [string, TimeOptions][] = [
    ['--at beside --from', { at: 'now', from: '1h ago' }],
    ['--at beside --to', { at: 'now', to: 'now' }],
    ['--from after --to', { from: 'now', to: '1h ago' }],
    ['--from equal to --to', { from: '2026-11-20', to: '2026-11-20' }],
    ['--utc beside --timezone', { utc: true, timezone: 'Europe/Berlin' }],
    ['an unknown zone', { timezone: 'Mars/Olympus' }],
    ['a time that is none', { at: 'noonish' }],
  ];
  for (const [what, options] of contradictions) {
    it(`refuses ${what} with a hint`, () => {
      assert.throws(
        () => request(options),
        (error) => error instanceof UsageError && error.hint !== undefined,
      );
    });
  }
});
