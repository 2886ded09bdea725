import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clientFqdnName } from '../../../src/protocol/dhcpv4/client-fqdn.js';

function nameOf(hex: string): string | undefined {
  return clientFqdnName(Buffer.from(hex.replaceAll(' ', ''), 'hex'))?.toString('latin1');
}

describe('the name of a client FQDN', () => {
  it('is read in wire form, whole or partial', () => {
    assert.equal(nameOf('05 00 00 0470632d31 076578616d706c65 00'), 'pc-1.example');
    assert.equal(nameOf('04 ff ff 0470632d31'), 'pc-1');
  });

  it('is read in ASCII form, with or without the dot of the root', () => {
    assert.equal(nameOf('00 00 00 70632d31'), 'pc-1');
    assert.equal(nameOf('01 00 00 70632d312e612e'), 'pc-1.a');
  });

  it('is absent if the option has none or a broken one', () => {
    for (const hex of ['', '00', '050000', '050000 00', '000000 2e', '040000 05616263', '040000 c000'])
      assert.equal(nameOf(hex), undefined, hex);
  });

  it('leaves the bytes of the option as they are', () => {
    const value = Buffer.from('0400000161016200', 'hex');
    const before = Buffer.from(value);
    assert.equal(clientFqdnName(value)?.toString(), 'a.b');
    assert.deepEqual(value, before);
  });

  it('never throws and never gives an empty name', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => clientFqdnName(bytes)?.length !== 0));
  });
});
