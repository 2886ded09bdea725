import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeBytes, toText, unescapeBytes } from '../../src/base/text.js';

const anyBytes = fc.uint8Array({ maxLength: 64 });

describe('Bytes of clients and relays', () => {
  it('are escaped reversibly into printable ASCII', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = escapeBytes(bytes);
        assert.match(text, /^[ -~]*$/);
        assert.deepEqual(unescapeBytes(text), Buffer.from(bytes));
      }),
    );
  });

  it('are not read from what escaping cannot have written', () => {
    for (const text of ['\\', '\\n', '\\x1', '\\xZZ', 'a\nb', 'é'])
      assert.throws(() => unescapeBytes(text), RangeError, text);
  });

  it('are shown as text only if printable, else as hex, and never carry a control character', () => {
    fc.assert(fc.property(anyBytes, (bytes) => assert.match(toText(bytes), /^[ -~]+$/)));
    assert.equal(toText(Buffer.from('Gi1/0/3')), 'Gi1/0/3');
    assert.equal(toText(Buffer.from('Gi1/0/3\0')), 'Gi1/0/3');
    assert.equal(toText(Buffer.from([0, 4, 0, 100])), '0x00040064');
    assert.equal(toText(Buffer.from('0x41')), '0x30783431');
    assert.equal(toText(Buffer.alloc(0)), '0x');
  });
});
