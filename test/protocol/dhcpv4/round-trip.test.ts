import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DecodeError } from '../../../src/protocol/dhcpv4/errors.js';
import { decodeMessage, encodeMessage, type OutgoingMessage } from '../../../src/protocol/dhcpv4/message.js';
import { decodeRelayAgent, NO_RELAY_AGENT } from '../../../src/protocol/relay-agent/relay-agent.js';
import { header, packetsOf } from './packets.js';

const code = fc.integer({ min: 1, max: 254 }).filter((value) => value !== 52 && value !== 82);
const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const exactly = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));

const options = fc.uniqueArray(fc.tuple(code, fc.oneof(bytesUpTo(20), bytesUpTo(255), bytesUpTo(900))), {
  selector: ([value]) => value,
  maxLength: 12,
});
const relayAgent = fc.oneof(
  fc.constant(NO_RELAY_AGENT),
  fc.array(bytesUpTo(255), { minLength: 1, maxLength: 3 }).map((instances) => decodeRelayAgent(instances, false)),
  fc
    .array(fc.tuple(fc.nat(255), bytesUpTo(40)), { minLength: 1, maxLength: 5 })
    .map((parts) => Buffer.concat(parts.flatMap(([sub, value]) => [Buffer.from([sub, value.length]), value])))
    .map((payload) => decodeRelayAgent([payload], false)),
);

const message: fc.Arbitrary<OutgoingMessage> = fc
  .record({
    op: fc.constantFrom(1, 2),
    htype: fc.nat(255),
    chaddr: bytesUpTo(16),
    hops: fc.nat(255),
    xid: fc.nat(0xffffffff),
    secs: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    ciaddr: fc.nat(0xffffffff),
    yiaddr: fc.nat(0xffffffff),
    siaddr: fc.nat(0xffffffff),
    giaddr: fc.nat(0xffffffff),
    sname: fc.oneof(fc.constant(Buffer.alloc(64)), exactly(64)),
    file: fc.oneof(fc.constant(Buffer.alloc(128)), exactly(128)),
    options,
    relayAgent,
  })
  .map((fields) => ({ ...fields, hlen: fields.chaddr.length }));

describe('any message', () => {
  it('is decoded as it was encoded where there is room', () => {
    fc.assert(
      fc.property(message, (given) => {
        const { bytes, omitted, relayAgentOmitted } = encodeMessage(given, 20_000);
        assert.deepEqual([omitted, relayAgentOmitted], [[], false]);
        assert.deepEqual(decodeMessage(bytes), { ...given, options: new Map(given.options) });
      }),
      { numRuns: 1000 },
    );
  });

  it('is decoded without what the encoder named as omitted where room is short', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 300, max: 1472 }), (given, limit) => {
        const { bytes, omitted, relayAgentOmitted } = encodeMessage(given, limit);
        assert.ok(bytes.length >= 300 && bytes.length <= limit);
        const decoded = decodeMessage(bytes);
        assert.deepEqual(
          new Map([...decoded.options].sort(([a], [b]) => a - b)),
          new Map(given.options.filter(([value]) => !omitted.includes(value)).sort(([a], [b]) => a - b)),
        );
        assert.deepEqual(decoded.relayAgent, relayAgentOmitted ? NO_RELAY_AGENT : given.relayAgent);
        assert.deepEqual(decoded.chaddr, given.chaddr);
        for (const field of ['sname', 'file'] as const) {
          if (given[field]!.some((byte) => byte !== 0)) assert.deepEqual(decoded[field], given[field]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('any bytes', () => {
  const real = packetsOf('relay-m-append-server').map(({ payload }) => payload);
  const changed = fc
    .tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 8 }), fc.nat(700))
    .map(([packet, changes, length]) => {
      const bytes = Buffer.from(packet);
      for (const [offset, value] of changes) bytes[offset % bytes.length] = value;
      return bytes.subarray(0, length);
    });
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 700 }),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.concat([header(), bytes])),
    changed,
  );

  it('are a message or a DecodeError, and stay as they were', () => {
    fc.assert(
      fc.property(noise, (bytes) => {
        const before = Buffer.from(bytes);
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
        }
        assert.deepEqual(Buffer.from(bytes), before);
      }),
      { numRuns: 3000 },
    );
  });
});
