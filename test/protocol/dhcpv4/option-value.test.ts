import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OptionValueError } from '../../../src/protocol/dhcpv4/errors.js';
import { ATOM_NAMES, formatOptionType, type OptionDefinition } from '../../../src/protocol/dhcpv4/option-type.js';
import { decodeOptionValue, encodeOptionValue, parseOptionType } from '../../../src/protocol/dhcpv4/option-value.js';
import { STANDARD_OPTIONS } from '../../../src/protocol/dhcpv4/standard-options.js';

function of(type: string): OptionDefinition {
  return { name: 'tried', code: 224, type: parseOptionType(type) };
}

function hexOf(type: string, value: unknown): string {
  return encodeOptionValue(of(type), value).toString('hex');
}

/** Type, value as it is shown, bytes: each holds in both directions. */
const BOTH_WAYS: readonly (readonly [string, unknown, string])[] = [
  ['ip-address', '198.18.0.1', 'c6120001'],
  ['array of ip-address', ['198.18.0.1', '192.0.2.9'], 'c6120001c0000209'],
  ['ipv6-address', '2001:db8::1', '20010db8000000000000000000000001'],
  ['ipv6-address', '::', '00000000000000000000000000000000'],
  ['ip-prefix', '0.0.0.0/0', '00'],
  ['ip-prefix', '198.18.0.0/15', '0fc612'],
  ['ip-prefix', '198.18.5.1/32', '20c6120501'],
  ['unsigned integer 8', 255, 'ff'],
  ['unsigned integer 16', 576, '0240'],
  ['unsigned integer 32', 4294967295, 'ffffffff'],
  ['signed integer 8', -128, '80'],
  ['signed integer 16', -2, 'fffe'],
  ['signed integer 32', -3600, 'fffff1f0'],
  ['boolean', true, '01'],
  ['boolean', false, '00'],
  ['text', 'boot\\x64\\wdsnbp.com', '626f6f745c7836345c7764736e62702e636f6d'],
  ['text', 'grün', '6772c3bc6e'],
  ['string', 'udhcp 1.35.0', '756468637020312e33352e30'],
  ['string', '0x00ff', '00ff'],
  ['string', '0x61613a6262', '61613a6262'],
  ['hex string', '0x01020000000001', '01020000000001'],
  ['fqdn', 'host.example.org', '04686f7374076578616d706c65036f726700'],
  ['fqdn', '.', '00'],
  ['domain-list', ['eng.example.org', 'example.org'], '03656e67076578616d706c65036f726700c004'],
  ['sip-servers', ['198.18.0.5'], '01c6120005'],
  ['sip-servers', ['a.b', 'b'], '000161016200c002'],
  ['empty', true, ''],
  ['{ unsigned integer 8, ip-address }', [7, '198.18.0.1'], '07c6120001'],
  ['array of { ip-address, ip-address }', [['198.18.1.0', '198.18.0.1']], 'c6120100c6120001'],
  ['{ boolean, array of ip-address }', [true, ['198.18.0.1']], '01c6120001'],
  ['counted text', 'ab', '026162'],
  ['array of counted16 text', ['ab', 'c'], '00026162000163'],
  ['array of { unsigned integer 32, counted string }', [[3561, 'ab']], '00000de9026162'],
];

describe('an option value', () => {
  for (const [type, value, hex] of BOTH_WAYS) {
    it(`of type ${type} is written and read: ${JSON.stringify(value)}`, () => {
      assert.equal(hexOf(type, value), hex);
      assert.deepEqual(decodeOptionValue(of(type), Buffer.from(hex, 'hex')), value);
    });
  }

  it('can be given in the shorter forms of the handbooks', () => {
    assert.equal(hexOf('array of ip-address', '198.18.0.1'), 'c6120001');
    assert.equal(hexOf('array of ip-address', '198.18.0.1, 192.0.2.9'), 'c6120001c0000209');
    assert.equal(hexOf('array of { ip-address, ip-address }', '198.18.1.0 198.18.0.1'), 'c6120100c6120001');
    assert.equal(hexOf('{ boolean, text }', 'true scope one'), '0173636f7065206f6e65');
    assert.equal(hexOf('array of unsigned integer 8', [1, '2', '0x0f']), '01020f');
    assert.equal(hexOf('string', '0a:b:ff'), '0a0bff');
    assert.equal(hexOf('boolean', 'on'), '01');
    assert.equal(hexOf('array of { ip-prefix, ip-address }', [['default', '198.18.0.1']]), '00c6120001');
    assert.equal(hexOf('domain-list', 'a.b'), '0161016200');
    assert.equal(hexOf('ipv6-address', '2001:DB8:0::192.0.2.1'), '20010db80000000000000000c0000201');
  });

  it('that does not fit is refused with what was expected and what came', () => {
    const cases: readonly (readonly [string, unknown, RegExp])[] = [
      ['ip-address', '198.18.0.256', /^Expected an IPv4 address for option tried, got "198\.18\.0\.256"$/],
      ['ip-address', 7, /IPv4 address.*got 7$/],
      ['ip-address', null, /got null$/],
      ['array of ip-address', [], /at least one value/],
      ['array of ip-address', ['198.18.0.1', 'x'], /got "x"$/],
      ['ipv6-address', 'fe80::1%eth0', /IPv6 address/],
      ['ip-prefix', '198.18.0.1/16', /a network/],
      ['ip-prefix', '198.18.0.0/33', /a network/],
      ['unsigned integer 8', 256, /from 0 to 255.*got 256$/],
      ['unsigned integer 8', -1, /from 0 to 255/],
      ['unsigned integer 16', 1.5, /from 0 to 65535/],
      ['unsigned integer 32', 4294967296, /from 0 to 4294967295/],
      ['signed integer 8', 128, /from -128 to 127/],
      ['signed integer 32', 'much', /got "much"$/],
      ['boolean', 'yes please', /true or false/],
      ['boolean', 2, /true or false/],
      ['text', '', /a text/],
      ['text', 'a\0b', /a text/],
      ['text', 5, /a text.*got 5$/],
      ['hex string', 'xyz', /hex bytes/],
      ['hex string', '0x123', /hex bytes/],
      ['fqdn', 'a..b', /"a\.\.b" is not a domain name/],
      ['fqdn', '', /not a domain name/],
      ['fqdn', 'x'.repeat(64), /not a domain name/],
      ['fqdn', 'münchen.example', /beyond ASCII/],
      ['fqdn', Array.from({ length: 60 }, () => 'abcd').join('.'), /longer than the 255 bytes/],
      ['domain-list', [], /list of domain names/],
      ['domain-list', ['a', 1], /list of domain names/],
      ['sip-servers', ['198.18.0.1', 'sip.example.org'], /or a list of IPv4/],
      ['empty', false, /Expected true/],
      ['{ ip-address, boolean }', ['198.18.0.1'], /a list of the 2 values \{ ip-address, boolean \}/],
      ['counted text', 'x'.repeat(256), /at most 255 bytes/],
      ['text', { a: 'b'.repeat(200) }, /got \{"a":"b+\.\.\.$/],
    ];
    for (const [type, value, message] of cases) {
      assert.throws(
        () => encodeOptionValue(of(type), value),
        (error) => {
          assert.ok(error instanceof OptionValueError, String(error));
          assert.match(error.message, message);
          assert.ok(error.message.length < 400);
          return true;
        },
      );
    }
  });

  it('whose bytes do not fit the type is refused', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['ip-address', 'c61200'],
      ['ip-address', 'c612000101'],
      ['array of ip-address', 'c6120001c6'],
      ['boolean', '02'],
      ['ip-prefix', '21c6120001'],
      ['ip-prefix', '18c612'],
      ['fqdn', '03616263'],
      ['fqdn', 'c000'],
      ['counted fqdn', '0401610000'],
      ['sip-servers', '02'],
      ['empty', '00'],
      ['counted text', '0561'],
    ];
    for (const [type, hex] of cases) {
      assert.throws(() => decodeOptionValue(of(type), Buffer.from(hex, 'hex')), OptionValueError, `${type} ${hex}`);
    }
  });

  it('drops the NULs that some clients send behind a text, and shows bytes that are no text as hex', () => {
    assert.equal(decodeOptionValue(of('text'), Buffer.from('616200', 'hex')), 'ab');
    assert.equal(decodeOptionValue(of('text'), Buffer.from('ff61', 'hex')), '0xff61');
  });
});

describe('an option type', () => {
  it('is read in the words of the handbooks and said in its own', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['ip-address', 'ip-address'],
      ['  Array  of IP-Address ', 'array of ip-address'],
      ['integer 32', 'signed integer 32'],
      ['uint16', 'unsigned integer 16'],
      ['domain-name', 'fqdn'],
      ['flag', 'boolean'],
      ['hex-string', 'hex string'],
      ['{ ip-address , unsigned integer 8 }', '{ ip-address, unsigned integer 8 }'],
      ['array of {ip-address, {boolean, uint8}}', 'array of { ip-address, { boolean, unsigned integer 8 } }'],
      ['counted16 text', 'counted16 text'],
    ];
    for (const [text, formatted] of cases) {
      assert.equal(formatOptionType(parseOptionType(text)), formatted);
      assert.deepEqual(parseOptionType(formatted), parseOptionType(text));
    }
  });

  it('that is unknown or cannot be taken apart again is refused', () => {
    for (const text of [
      '',
      'array of',
      'integer 64',
      'array of text',
      'array of empty',
      'array of array of boolean',
      '{ text, boolean }',
      '{ }',
      '{ boolean',
      'boolean }',
      'array of { boolean, text }',
      '{ { boolean }',
      'constructor',
      '__proto__',
    ]) {
      assert.throws(() => parseOptionType(text), OptionValueError, text);
    }
  });

  it('takes every atom by its name', () => {
    for (const atom of ATOM_NAMES) assert.deepEqual(parseOptionType(atom), { kind: 'atom', atom });
  });
});

const label = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 20 });
const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));
const address = fc.ipV4();

/** Values of each atom in the form in which they are shown. */
const VALUES: Readonly<Record<(typeof ATOM_NAMES)[number], fc.Arbitrary<unknown>>> = {
  'ip-address': address,
  'ipv6-address': fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => decodeOptionValue(of('ipv6-address'), bytes)),
  'ip-prefix': fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 })).map(([bits, width]) => {
    const network = width === 0 ? 0 : ((bits >>> (32 - width)) << (32 - width)) >>> 0;
    return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${width}`;
  }),
  'unsigned integer 8': fc.nat(0xff),
  'unsigned integer 16': fc.nat(0xffff),
  'unsigned integer 32': fc.nat(0xffffffff),
  'signed integer 8': fc.integer({ min: -128, max: 127 }),
  'signed integer 16': fc.integer({ min: -32768, max: 32767 }),
  'signed integer 32': fc.integer(),
  boolean: fc.boolean(),
  text: fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  string: fc.uint8Array({ maxLength: 300 }).map((bytes) => decodeOptionValue(of('string'), bytes)),
  'hex string': fc.uint8Array({ maxLength: 300 }).map((bytes) => decodeOptionValue(of('hex string'), bytes)),
  fqdn: name,
  'domain-list': fc.array(name, { minLength: 1, maxLength: 10 }),
  'sip-servers': fc.oneof(
    fc.array(address, { minLength: 1 }),
    fc.array(
      name.map((text) => `a.${text}`),
      { minLength: 1 },
    ),
  ),
  empty: fc.constant(true),
};

describe('any value', () => {
  for (const atom of ATOM_NAMES) {
    it(`of type ${atom} is read back as it was given`, () => {
      fc.assert(
        fc.property(VALUES[atom], (value) => {
          assert.deepEqual(decodeOptionValue(of(atom), encodeOptionValue(of(atom), value)), value);
        }),
        { numRuns: 200 },
      );
    });
  }

  it('of a list of records is read back as it was given', () => {
    const type = of('array of { ip-prefix, unsigned integer 16, fqdn, counted array of ip-address, counted string }');
    const record = fc.tuple(
      VALUES['ip-prefix'],
      fc.nat(0xffff),
      name,
      fc.array(address, { maxLength: 20 }),
      fc.uint8Array({ maxLength: 255 }).map((bytes) => decodeOptionValue(of('string'), bytes)),
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (value) => {
        assert.deepEqual(decodeOptionValue(type, encodeOptionValue(type, value)), value);
      }),
    );
  });

  it('of any standard option is read from any bytes into something JSON can hold, or refused with OptionValueError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STANDARD_OPTIONS), fc.uint8Array({ maxLength: 64 }), (definition, bytes) => {
        let value: unknown;
        try {
          value = decodeOptionValue(definition, bytes);
        } catch (error) {
          assert.ok(error instanceof OptionValueError, String(error));
          return;
        }
        assert.ok(JSON.stringify(value) !== undefined);
      }),
      { numRuns: 3000 },
    );
  });
});
