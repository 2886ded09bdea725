import assert from 'node:assert/strict';
import fc from 'fast-check';
import { visible } from '../../src/base/text.js';

describe('visible text', () => {
  it('keeps ordinary letters', () => assert.equal(visible('büro-3 東京 \\x41'), 'büro-3 東京 \\x41'));

  it('writes out what hides, reorders or moves', () => {
    assert.equal(visible('a\u001b[31m\u0000\u007f'), 'a\\x1b[31m\\x00\\x7f');
    assert.equal(
      visible('\u202egnp\u2066\u200b\ufeff\u00a0\u2028'),
      '\\u{202e}gnp\\u{2066}\\u{200b}\\u{feff}\\u{a0}\\u{2028}',
    );
    assert.equal(visible('x\u0336\u{e0041}\ud800'), 'x\\u{336}\\u{e0041}\\u{d800}');
  });

  it('never lets a control or format character pass', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => assert.doesNotMatch(visible(any), /[\p{C}\p{Zl}\p{Zp}]/u)),
    );
  });
});
