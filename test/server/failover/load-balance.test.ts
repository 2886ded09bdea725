import assert from 'node:assert/strict';
import { hashBucket, hbaOfSplit, isPrimarys } from '../../../src/server/failover/load-balance.js';

/** Keys in hex and their buckets; those that begin with 02f0 were seen to be answered by the right one of two real dhcpd. */
const VECTORS: readonly [string, number][] = [
  ['', 0],
  ['00', 175],
  ['ff', 234],
  ['01020304', 21],
  ['02f000000101', 241],
  ['0102f000000101', 183],
  ['02f000000104', 92],
  ['02f000000103', 153],
  ['0102f000000103', 102],
  ['00112233445566', 58],
  ['636c69656e742d3031', 73],
  ['ffffffffffff', 79],
  ['000000000000', 254],
];

describe('load balancing (RFC 3074)', () => {
  for (const [key, bucket] of VECTORS) {
    it(`puts ${key || 'an empty key'} into bucket ${bucket}`, () => {
      assert.equal(hashBucket(Buffer.from(key, 'hex').toString('latin1')), bucket);
    });
  }

  it('gives the primary the buckets below the split, as dhcpd writes them', () => {
    const expected: [number, string][] = [
      [0, '00'.repeat(32)],
      [4, `0f${'00'.repeat(31)}`],
      [13, `ff1f${'00'.repeat(30)}`],
      [128, 'ff'.repeat(16) + '00'.repeat(16)],
      [255, `${'ff'.repeat(31)}7f`],
      [256, 'ff'.repeat(32)],
    ];
    for (const [split, hex] of expected) assert.equal(hbaOfSplit(split).toString('hex'), hex, `split ${split}`);
    for (let bucket = 0; bucket < 256; bucket++) assert.equal(isPrimarys(hbaOfSplit(100), bucket), bucket < 100);
  });
});
