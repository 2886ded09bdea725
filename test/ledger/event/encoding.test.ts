import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  chainHash,
  decodeEvent,
  encodeEvent,
  genesisHash,
  type NamedDraft,
  uuidBytes,
  uuidText,
} from '../../../src/ledger/event/encoding.js';
import { EventEncodingError } from '../../../src/ledger/event/errors.js';
import { anyEvent } from './any-event.js';

describe('The canonical encoding of an event', () => {
  it('is read back as the same event, null and empty told apart', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        assert.deepEqual(decodeEvent(encodeEvent(event)), event);
      }),
    );
  });

  it('differs for events that differ in any field', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, (one, other) => {
        const fields = Object.keys(one) as (keyof NamedDraft)[];
        for (const field of fields) {
          const changed = { ...one, [field]: other[field] } as NamedDraft;
          const same = JSON.stringify(one[field]) === JSON.stringify(other[field]);
          assert.equal(encodeEvent(changed).equals(encodeEvent(one)), same, field);
        }
      }),
    );
  });

  it('refuses bytes that it did not write with its own error, whatever they are', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), fc.nat(255), (event, position, value) => {
        const damaged = encodeEvent(event);
        damaged[position % damaged.length] = value;
        for (const given of [damaged, damaged.subarray(0, position % damaged.length)]) {
          try {
            decodeEvent(given);
          } catch (error) {
            assert.ok(error instanceof EventEncodingError);
          }
        }
      }),
    );
    assert.throws(() => decodeEvent(Buffer.alloc(0)), EventEncodingError);
  });

  it('never changes: a stored chain must verify for ever', () => {
    const event: NamedDraft = {
      queue: '00112233-4455-6677-8899-aabbccddeeff',
      sequence: 1,
      at: 1_795_000_000_123_456,
      kind: 'granted',
      server: 'dhcp-a',
      address: '198.18.0.7',
      htype: 1,
      hwaddr: Buffer.from('020000000001', 'hex'),
      clientId: null,
      hostname: Buffer.from('pc'),
      vendorClass: null,
      parameterRequestList: Buffer.from([1, 3]),
      xid: 7,
      clientState: 'SELECTING',
      giaddr: '198.18.0.2',
      option82: Buffer.from('01027031', 'hex'),
      circuitId: Buffer.from('p1'),
      remoteId: null,
      subscriberId: null,
      relayId: null,
      linkSelection: null,
      evidence: 'observed',
      leaseStart: 1,
      leaseEnd: 2,
      detail: null,
    };
    const hash = chainHash(genesisHash(event.queue), encodeEvent(event)).toString('hex');
    assert.equal(hash, '40765b9f801dd7acfc8d2d08dea07d74d45f20cc2e5106fa1c9be76a0d4b2c14');
  });

  it('names queues by UUIDs that survive the way to bytes and back', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => assert.equal(uuidText(uuidBytes(uuid)), uuid)));
    assert.throws(() => uuidBytes('no uuid'), EventEncodingError);
  });
});
