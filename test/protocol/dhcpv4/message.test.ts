import assert from 'node:assert/strict';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import { DecodeError, type DecodeReason } from '../../../src/protocol/dhcpv4/errors.js';
import { decodeMessage, encodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import { annotated, header, outgoing, withOptions } from './packets.js';

/** A DISCOVER as a relay passes it on. */
const DISCOVER = annotated(`
  01                                # op BOOTREQUEST
  01                                # htype Ethernet
  06                                # hlen
  01                                # hops
  3903f326                          # xid
  0007                              # secs
  8000                              # flags: broadcast
  00000000                          # ciaddr
  00000000                          # yiaddr
  00000000                          # siaddr
  c6120005                          # giaddr 198.18.0.5
  020000000001 00000000000000000000 # chaddr
  ${'00'.repeat(64)}                # sname
  ${'00'.repeat(128)}               # file
  63825363                          # magic cookie
  35 01 01                          # 53 DISCOVER
  3d 07 01 020000000001             # 61 client identifier
  32 04 c6121064                    # 50 requested address 198.18.16.100
  37 04 01 03 06 0f                 # 55 parameter request list
  52 0a 01 04 65746831 02 02 abcd   # 82: circuit-id "eth1", remote-id
  ff                                # end
  ${'00'.repeat(23)}                # padding to 300 bytes
`);

function reasonOf(bytes: Uint8Array): DecodeReason | undefined {
  try {
    decodeMessage(bytes);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return error.reason;
  }
}

describe('decodeMessage', () => {
  it('reads every field of an annotated DISCOVER', () => {
    const message = decodeMessage(DISCOVER);
    assert.deepEqual(
      { ...message, sname: message.sname.length, file: message.file.length },
      {
        op: 1,
        htype: 1,
        hlen: 6,
        hops: 1,
        xid: 0x3903f326,
        secs: 7,
        flags: 0x8000,
        ciaddr: 0,
        yiaddr: 0,
        siaddr: 0,
        giaddr: parseIpv4('198.18.0.5'),
        chaddr: Buffer.from('020000000001', 'hex'),
        sname: 64,
        file: 128,
        options: new Map([
          [53, Buffer.from([1])],
          [61, Buffer.from('01020000000001', 'hex')],
          [50, Buffer.from([198, 18, 16, 100])],
          [55, Buffer.from([1, 3, 6, 15])],
        ]),
        relayAgent: {
          state: 'present',
          instances: [Buffer.from('0104657468310202abcd', 'hex')],
          payload: Buffer.from('0104657468310202abcd', 'hex'),
          suboptions: new Map([
            [1, Buffer.from('eth1')],
            [2, Buffer.from('abcd', 'hex')],
          ]),
        },
      },
    );
  });

  it('takes a plain Uint8Array that starts within its buffer', () => {
    const shifted = new Uint8Array(DISCOVER.length + 5);
    shifted.set(DISCOVER, 5);
    assert.deepEqual(decodeMessage(shifted.subarray(5)), decodeMessage(DISCOVER));
  });

  it('reads all header numbers as unsigned', () => {
    const all = Buffer.alloc(4, 0xff);
    const message = decodeMessage(withOptions('ff', { 4: all, 8: all, 12: all, 16: all, 20: all, 24: all }));
    const { xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr } = message;
    assert.deepEqual([xid, ciaddr, yiaddr, siaddr, giaddr], new Array(5).fill(0xffffffff));
    assert.deepEqual([secs, flags], [0xffff, 0xffff]);
  });

  it('names the reason of each rejection', () => {
    const cases: readonly (readonly [DecodeReason, Buffer])[] = [
      ['short', Buffer.alloc(0)],
      ['short', header().subarray(0, 239)],
      ['op', withOptions('ff', { 0: 0 })],
      ['op', withOptions('ff', { 0: 3 })],
      ['hlen', withOptions('ff', { 2: 17 })],
      ['magic-cookie', withOptions('ff', { 236: 0x64 })],
      ['truncated-option', withOptions('35')],
      ['truncated-option', withOptions('35 02 01')],
      ['truncated-option', withOptions('34 01 01 ff', { 108: Buffer.from([12, 127]) })],
      ['truncated-option', withOptions('34 01 02 ff', { 44: Buffer.alloc(63), 107: 12 })],
      ['overload', withOptions('34 00 ff')],
      ['overload', withOptions('34 01 00 ff')],
      ['overload', withOptions('34 01 04 ff')],
      ['overload', withOptions('34 02 01 01 ff')],
      ['overload', withOptions('34 01 01 34 01 01 ff')],
    ];
    for (const [reason, bytes] of cases) assert.equal(reasonOf(bytes), reason, bytes.toString('hex', 240));
  });

  it('accepts a hardware address of 16 bytes and of none', () => {
    assert.equal(decodeMessage(withOptions('ff', { 2: 16 })).chaddr.length, 16);
    assert.equal(decodeMessage(withOptions('ff', { 2: 0 })).chaddr.length, 0);
  });

  it('steps over pads and reads nothing behind END', () => {
    const { options } = decodeMessage(withOptions('00 00 35 01 03 00 ff 0c 01 41 52'));
    assert.deepEqual([...options], [[53, Buffer.from([3])]]);
  });

  it('tolerates a missing END if an option ends with the datagram', () => {
    assert.deepEqual([...decodeMessage(withOptions('35 01 03 0c 01 41')).options.keys()], [53, 12]);
    assert.equal(decodeMessage(header()).options.size, 0);
  });

  it('joins the instances of a split option in the order options, file, sname', () => {
    const bytes = withOptions('0c 01 61 34 01 03 35 01 01 0c 01 62 ff', {
      44: annotated('0c 01 64 0f 01 78 ff'),
      108: annotated('0c 01 63 ff'),
    });
    const { options, sname, file } = decodeMessage(bytes);
    assert.deepEqual(
      [...options],
      [
        [12, Buffer.from('abcd')],
        [53, Buffer.from([1])],
        [15, Buffer.from('x')],
      ],
    );
    assert.deepEqual([sname.length, file.length], [0, 0]);
  });

  it('reads only the overloaded field that option 52 names', () => {
    const fields = { 44: annotated('0c 01 73 ff'), 108: annotated('0c 01 66 ff') };
    const file = decodeMessage(withOptions('34 01 01 ff', fields));
    assert.equal(file.options.get(12)?.toString(), 'f');
    assert.deepEqual([file.sname.length, file.file.length], [64, 0]);
    const sname = decodeMessage(withOptions('34 01 02 ff', fields));
    assert.equal(sname.options.get(12)?.toString(), 's');
    assert.deepEqual([sname.sname.length, sname.file.length], [0, 128]);
  });

  it('ignores option 52 within an overloaded field', () => {
    const { options } = decodeMessage(withOptions('34 01 01 ff', { 108: annotated('34 01 03 0c 01 66 ff') }));
    assert.deepEqual([...options.keys()], [12]);
  });

  it('joins tens of thousands of instances of one option', () => {
    const bytes = Buffer.concat([header(), Buffer.alloc(21_000 * 3)]);
    for (let i = 0; i < 21_000; i++) bytes.set([12, 1, 65], 240 + i * 3);
    assert.deepEqual(decodeMessage(bytes).options.get(12), Buffer.alloc(21_000, 65));
  });
});

describe('encodeMessage', () => {
  it('writes the annotated DISCOVER byte for byte', () => {
    const { bytes, omitted, relayAgentOmitted } = encodeMessage(outgoing(decodeMessage(DISCOVER)), 548);
    assert.equal(bytes.toString('hex'), DISCOVER.toString('hex'));
    assert.deepEqual([omitted, relayAgentOmitted], [[], false]);
  });

  it('leaves nothing of earlier messages in what it allocates', () => {
    for (let i = 0; i < 50; i++) Buffer.allocUnsafe(300).fill(0xee);
    const { bytes } = encodeMessage(
      { ...outgoing(decodeMessage(DISCOVER)), options: [], relayAgent: { state: 'absent' } },
      548,
    );
    const expected = Buffer.concat([DISCOVER.subarray(0, 240), Buffer.from([255]), Buffer.alloc(59)]);
    assert.equal(bytes.toString('hex'), expected.toString('hex'));
  });

  it('refuses header fields that are too long and options that are not the caller’s to write', () => {
    const message = outgoing(decodeMessage(DISCOVER));
    assert.throws(() => encodeMessage({ ...message, chaddr: Buffer.alloc(17) }, 548), RangeError);
    assert.throws(() => encodeMessage({ ...message, sname: Buffer.alloc(65) }, 548), RangeError);
    for (const code of [0, 52, 82, 255, 256, -1, Number.NaN]) {
      assert.throws(() => encodeMessage({ ...message, options: [[code, Buffer.alloc(1)]] }, 548), RangeError);
    }
  });

  it('splits an option longer than 255 bytes into adjoining instances', () => {
    const value = Buffer.from(Array.from({ length: 600 }, (_, i) => i % 256));
    const { bytes } = encodeMessage({ ...outgoing(decodeMessage(DISCOVER)), options: [[121, value]] }, 1472);
    assert.deepEqual([bytes[240], bytes[241], bytes[497], bytes[498]], [121, 255, 121, 255]);
    assert.deepEqual([bytes[754], bytes[755]], [121, 90]);
    assert.deepEqual(decodeMessage(bytes).options.get(121), value);
  });
});
