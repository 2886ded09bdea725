import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MESSAGE, type MessageType } from '../../../src/protocol/failover/codes.js';
import { FailoverWireError } from '../../../src/protocol/failover/errors.js';
import { Framer } from '../../../src/protocol/failover/framer.js';
import { decodeMessage, encodeMessage, type FailoverMessage } from '../../../src/protocol/failover/message.js';
import { decodePortledgerLease, encodePortledgerLease } from '../../../src/protocol/failover/portledger-lease.js';
import { capturedStreams } from '../../server/failover/captures.js';

const u32 = fc.nat(0xffffffff);
const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const text = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Any value of each option, by the messages that have it. */
const OPTIONS: Readonly<Record<MessageType, Record<string, fc.Arbitrary<unknown>>>> = {
  [MESSAGE.POOLREQ]: {},
  [MESSAGE.POOLRESP]: { 'addresses-transferred': u32 },
  [MESSAGE.BNDUPD]: {
    'assigned-IP-address': u32,
    'binding-status': fc.nat(255),
    'client-identifier': octets(255),
    'client-hardware-address': octets(17),
    'lease-expiration-time': u32,
    'potential-expiration-time': u32,
    'start-time-of-state': u32,
    'client-last-transaction-time': u32,
    'IP-flags': fc.nat(0xffff),
    'portledger-lease': octets(400),
  },
  [MESSAGE.BNDACK]: { 'assigned-IP-address': u32, 'reject-reason': fc.nat(255), message: text },
  [MESSAGE.CONNECT]: {
    'relationship-name': text,
    'max-unacked-bndupd': u32,
    'receive-timer': u32,
    'vendor-class-identifier': text,
    'protocol-version': fc.nat(255),
    'TLS-request': fc.nat(255),
    MCLT: u32,
    'hash-bucket-assignment': fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  },
  [MESSAGE.CONNECTACK]: { 'relationship-name': text, 'TLS-reply': fc.nat(255), 'reject-reason': fc.nat(255) },
  [MESSAGE.UPDREQALL]: {},
  [MESSAGE.UPDDONE]: {},
  [MESSAGE.UPDREQ]: {},
  [MESSAGE.STATE]: { 'server-state': fc.nat(255), 'server-flags': fc.nat(255), 'start-time-of-state': u32 },
  [MESSAGE.CONTACT]: {},
  [MESSAGE.DISCONNECT]: { 'reject-reason': fc.nat(255), message: text },
};

const plain = { noNullPrototype: true };
const message = fc.constantFrom(...Object.values(MESSAGE)).chain((type) => {
  const options = fc.record(OPTIONS[type], { requiredKeys: [], ...plain });
  return fc.record({ type: fc.constant(type), time: u32, xid: u32, options }, plain);
}) as fc.Arbitrary<FailoverMessage>;

function framesOf(bytes: Buffer): Buffer[] {
  return new Framer().push(bytes);
}

function messageOf(type: number, ...options: [number, Buffer][]): Buffer {
  const parts = options.map(([code, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  const bytes = Buffer.concat([Buffer.alloc(12), ...parts]);
  bytes.writeUInt16BE(bytes.length, 0);
  bytes.writeUInt8(type, 2);
  bytes.writeUInt8(12, 3);
  return bytes;
}

describe('the failover codec', () => {
  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(message, (given) => assert.deepEqual(decodeMessage(encodeMessage(given)), given)),
      { numRuns: 2000 },
    );
  });

  it('finds the messages of a stream however it is split', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.infiniteStream(fc.nat(40)), (given, cuts) => {
        const stream = Buffer.concat(given.map(encodeMessage));
        const framer = new Framer();
        const found: FailoverMessage[] = [];
        for (let offset = 0; offset < stream.length; ) {
          const next = offset + 1 + cuts.next().value;
          found.push(...framer.push(stream.subarray(offset, next)).map(decodeMessage));
          offset = next;
        }
        assert.deepEqual(found, given);
      }),
      { numRuns: 500 },
    );
  });

  it('reads every message of real dhcpd, and writes it again octet by octet', () => {
    const streams = capturedStreams().filter(({ bytes }) => bytes.length > 0);
    const types = new Map<number, number>();
    for (const { file, name, bytes } of streams) {
      const frames = framesOf(bytes);
      assert.equal(Buffer.concat(frames).length, bytes.length, `${file} ${name} ends within a message`);
      for (const frame of frames) {
        const decoded = decodeMessage(frame);
        assert.equal(encodeMessage(decoded).toString('hex'), frame.toString('hex'), `${file} ${name}`);
        types.set(decoded.type, (types.get(decoded.type) ?? 0) + 1);
      }
    }
    assert.ok(streams.length > 15, `${streams.length} streams`);
    assert.ok((types.get(MESSAGE.BNDUPD) ?? 0) > 300, JSON.stringify([...types]));
    const absent = Object.entries(MESSAGE).filter(([, code]) => !types.has(code));
    assert.deepEqual(
      absent.map(([name]) => name),
      ['DISCONNECT'],
    );
  });

  it('skips unknown options and takes any order', () => {
    const bytes = messageOf(MESSAGE.STATE, [25, Buffer.alloc(4, 1)], [200, Buffer.from('x')], [24, Buffer.from([2])]);
    assert.deepEqual(decodeMessage(bytes).options, { 'start-time-of-state': 0x01010101, 'server-state': 2 });
  });

  const BROKEN: [string, () => void, string][] = [
    ['a short length', () => framesOf(Buffer.from([0, 11])), 'message length 11 is not between 12 and 2048'],
    ['a huge length', () => framesOf(Buffer.from([0x08, 1])), 'message length 2049 is not between 12 and 2048'],
    ['an unknown type', () => decodeMessage(messageOf(13)), 'message type 13 is not known'],
    [
      'an option that comes twice',
      () => decodeMessage(messageOf(MESSAGE.STATE, [24, Buffer.from([2])], [24, Buffer.from([2])])),
      'option server-state comes twice',
    ],
    [
      'an option of a wrong length',
      () => decodeMessage(messageOf(MESSAGE.BNDUPD, [12, Buffer.from([1])])),
      'option IP-flags has 1 octets instead of 2',
    ],
    [
      'an option beyond the end',
      () => decodeMessage(Buffer.concat([messageOf(MESSAGE.STATE), Buffer.from([0, 24, 0, 9])])),
      'option 24 of 9 octets reaches beyond the end of the message',
    ],
    [
      'half an option header',
      () => decodeMessage(Buffer.concat([messageOf(MESSAGE.STATE), Buffer.from([0, 24])])),
      'the message ends within the header of an option',
    ],
    [
      'a payload offset outside',
      () => decodeMessage(Buffer.from([0, 12, 10, 99, 0, 0, 0, 0, 0, 0, 0, 0])),
      'payload offset 99 lies outside the message of 12 octets',
    ],
  ];
  for (const [what, attempt, text] of BROKEN) {
    it(`refuses ${what} in plain words`, () => assert.throws(attempt, new FailoverWireError(text)));
  }

  it('throws nothing but its own error on any octets', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 200 }),
        fc.constantFrom(...Object.values(MESSAGE)),
        (bytes, type) => {
          const given = Buffer.from(bytes);
          given[2] = type;
          given[3] = 12;
          try {
            decodeMessage(given);
          } catch (error) {
            assert.ok(error instanceof FailoverWireError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('the portledger-lease option', () => {
  const latin1 = (maxLength: number) =>
    fc.uint8Array({ maxLength, minLength: 0 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const carried = fc.record(
    {
      port: fc.option(fc.record({ giaddr: u32, option82: latin1(300) }, plain)),
      hostname: fc.option(latin1(255)),
      own: fc.boolean(),
    },
    plain,
  );

  it('comes back as it was', () => {
    fc.assert(
      fc.property(carried, (given) => {
        const back = decodePortledgerLease(encodePortledgerLease(given));
        assert.deepEqual(back, given);
      }),
    );
  });

  it('is nothing where the option is not ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const given = Buffer.from(bytes);
        fc.pre(given.toString('latin1', 0, 2) !== 'PL');
        assert.equal(decodePortledgerLease(given), undefined);
      }),
    );
    const whole = encodePortledgerLease({ port: { giaddr: 1, option82: 'abc' }, hostname: 'x', own: false });
    assert.equal(decodePortledgerLease(whole.subarray(0, -1)), undefined);
    assert.equal(decodePortledgerLease(undefined), undefined);
  });
});
