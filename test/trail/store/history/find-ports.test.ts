import assert from 'node:assert/strict';
import { parseHexInput } from '../../../../src/trail/store/history/find-ports.js';

describe('names and bytes by which switches and ports are found', () => {
  it('reads raw bytes in either case', () => {
    assert.deepEqual(parseHexInput('0x00aAff'), Buffer.from([0, 0xaa, 0xff]));
    assert.deepEqual(parseHexInput('0X00'), Buffer.from([0]));
    assert.deepEqual(parseHexInput('0x'), Buffer.alloc(0));
    for (const text of ['0x0', '0xgg', '00aaff', 'x00']) assert.equal(parseHexInput(text), undefined);
  });
});
