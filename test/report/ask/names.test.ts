import assert from 'node:assert/strict';
import { nearest } from '../../../src/report/ask/names.js';

describe('nearest names', () => {
  it('are those with the fewest differences, ignoring case', () => {
    assert.deepEqual(nearest('gi1/0/2', ['Gi1/0/1', 'Gi1/0/2', 'Te1/1/1', 'Gi1/0/22']), [
      'Gi1/0/2',
      'Gi1/0/1',
      'Gi1/0/22',
    ]);
  });
});
