import assert from 'node:assert/strict';
import { BatchSize } from '../../../src/server/intake/batch-size.js';

describe('The size of a batch', () => {
  it('is small as long as it is stored sooner than decided, grows with a slow disk to a bound, and shrinks again', () => {
    const size = new BatchSize();
    const least = size.limit;
    size.note(size.limit, 2000, 1900);
    assert.equal(size.limit, least);
    for (let i = 0; i < 10; i++) size.note(size.limit, 2000, 20_000);
    assert.equal(size.limit, 8 * least);
    for (let i = 0; i < 10; i++) size.note(size.limit, 2000, 1900);
    assert.equal(size.limit, least);
  });

  it('does not grow if few requests wait, however slow the disk', () => {
    const size = new BatchSize();
    const least = size.limit;
    for (let i = 0; i < 10; i++) size.note(least - 1, 50, 20_000);
    assert.equal(size.limit, least);
  });
});
