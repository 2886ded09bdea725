import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatHardwareAddress,
  parseHardwareAddress,
  readEthernetAddress,
  readHardwareAddress,
} from '../../src/base/hardware-address.js';

/** The same address in every notation, and whether it is taken for one where any text may stand. */
const NOTATIONS: readonly (readonly [text: string, isUnmistakable: boolean])[] = [
  ['02:00:00:00:00:0a', true],
  ['02-00-00-00-00-0A', true],
  ['0200.0000.000a', true],
  ['0200-0000-000a', false],
  ['02000000000a', false],
  ['020000-00000a', false],
  ['0200:0000:000a', false],
  ['02 00 00 00 00 0a', false],
  [' 2:0:0:0:0:a ', false],
];
const BYTES = Buffer.from('02000000000a', 'hex');

describe('The text of a hardware address', () => {
  it('is read back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) =>
        assert.deepEqual(new Uint8Array(parseHardwareAddress(formatHardwareAddress(bytes))), bytes),
      ),
    );
    assert.equal(formatHardwareAddress(BYTES), '02:00:00:00:00:0a');
  });

  it('is refused by the strict reader in any other form', () => {
    for (const text of ['2:0', '02-00', '02:00:', '02:0G', '020000'])
      assert.throws(() => parseHardwareAddress(text), RangeError, text);
  });

  for (const [text, isUnmistakable] of NOTATIONS) {
    it(`is read as people type it: "${text}"`, () => {
      assert.deepEqual(readHardwareAddress(text), BYTES);
      assert.deepEqual(readEthernetAddress(text), isUnmistakable ? BYTES : undefined);
    });
  }

  it('is undefined for what is no address', () => {
    for (const text of ['', 'aa', 'Gi1/0/1', '02:00-00:00:00:01', '02:00:00:00:00:0g', `${'aa:'.repeat(16)}aa`])
      assert.equal(readHardwareAddress(text), undefined, text);
    assert.equal(readEthernetAddress('02:00:00:00:00:00:0a'), undefined, 'only of 6 bytes');
    assert.deepEqual(readEthernetAddress('02000000000A', ['digits']), BYTES, 'where the notation is asked for');
  });
});
