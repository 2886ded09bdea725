import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Cursor } from '../../../src/protocol/dhcpv4/cursor.js';
import {
  decodeDomainList,
  encodeDomainList,
  encodeDomainName,
  formatLabels,
  parseLabels,
} from '../../../src/protocol/dhcpv4/domain-name.js';
import { OptionValueError } from '../../../src/protocol/dhcpv4/errors.js';

function listOf(hex: string): string[] {
  return decodeDomainList(new Cursor(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
}

describe('a domain name', () => {
  it('keeps dots, backslashes and other bytes within a label by escapes', () => {
    assert.deepEqual(parseLabels('a\\.b.c\\\\d.\\007\\255'), [
      Buffer.from('a.b'),
      Buffer.from('c\\d'),
      Buffer.from([7, 255]),
    ]);
    assert.equal(formatLabels([Buffer.from('a.b'), Buffer.from([7, 32, 255])]), 'a\\.b.\\007\\032\\255');
  });

  it('is the same with and without its final dot', () => {
    assert.deepEqual(encodeDomainName('a.b.'), encodeDomainName('a.b'));
    assert.deepEqual(parseLabels('a\\.'), [Buffer.from('a.')]);
  });

  it('is refused if an escape stands for no byte', () => {
    for (const text of ['a\\', 'a\\256', '.a', 'a..', '..'])
      assert.throws(() => parseLabels(text), OptionValueError, text);
  });

  it('of any bytes is read back from its text', () => {
    const labels = fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(labels, (raw) => {
        const buffers = raw.map((bytes) => Buffer.from(bytes));
        assert.deepEqual(parseLabels(formatLabels(buffers)), buffers);
      }),
    );
  });
});

describe('a domain list', () => {
  it('is read with pointers, also to a name that points on', () => {
    // RFC 3397 section 3: eng.apple.com, marketing.apple.com
    assert.deepEqual(listOf('03656e67 056170706c65 03636f6d 00 096d61726b6574696e67 c004'), [
      'eng.apple.com',
      'marketing.apple.com',
    ]);
    assert.deepEqual(listOf('0161 00 0162 c000 0163 c003'), ['a', 'b.a', 'c.b.a']);
  });

  it('is refused if a pointer leads to itself, forward, or out of the value', () => {
    for (const hex of [
      'c000',
      '0161c000',
      '0161c002',
      '0161c003 0162 c000',
      'c0ff',
      '0161 00 c0',
      '0161 00 0162 c003',
      '0161 00 c001 c000',
    ])
      assert.throws(() => listOf(hex), OptionValueError, hex);
  });

  it('is refused if pointers make a name longer than 255 bytes', () => {
    const long = Buffer.concat([
      Buffer.from([63]),
      Buffer.alloc(63, 97),
      Buffer.from([63]),
      Buffer.alloc(63, 97),
      Buffer.from([63]),
      Buffer.alloc(63, 97),
      Buffer.from([0]),
    ]);
    const tail = Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 98), Buffer.from([0xc0, 0])]);
    assert.throws(() => decodeDomainList(new Cursor(Buffer.concat([long, tail]))), /longer than 255/);
  });

  it('ends on any bytes, in a list or an OptionValueError', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0xc0, 0xc1));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 80 }), (bytes) => {
        try {
          assert.ok(decodeDomainList(new Cursor(Uint8Array.from(bytes))).length <= bytes.length);
        } catch (error) {
          assert.ok(error instanceof OptionValueError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('longer than a pointer reaches is still read back', () => {
    const names = Array.from({ length: 900 }, (_, i) => `host-number-${i}.department-${i}.example.org`);
    assert.deepEqual(decodeDomainList(new Cursor(encodeDomainList(names))), names);
  });
});
