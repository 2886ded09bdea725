import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseIpv4 } from '../../src/net/ipv4.js';
import { encodeUdpPacket } from '../../src/net/udp-packet.js';

/** A DHCPOFFER as ISC dhcpd put it on the wire: IP and UDP header, then the DHCP message. */
const OFFER_HEADERS = '451001480000000080 11ad0ac6120002 c6120064 0043004401345892'.replaceAll(' ', '');
const OFFER_MESSAGE = [
  '02010600f845453c0000000000000000c612006400000000000000000 2f000000201'.replaceAll(' ', ''),
  '00'.repeat(10 + 64 + 128),
  '638253633501023604c6120002330400000028 0104ffffff001c04c61200ff0304c61200010f0b6c61622e6578616d706c65'.replaceAll(
    ' ',
    '',
  ),
  '0604c00002352a04c000027bff00',
].join('');

describe('encodeUdpPacket', () => {
  it('writes the very bytes that a known server sent', () => {
    const packet = encodeUdpPacket({
      source: parseIpv4('198.18.0.2'),
      sourcePort: 67,
      destination: parseIpv4('198.18.0.100'),
      destinationPort: 68,
      payload: Buffer.from(OFFER_MESSAGE, 'hex'),
    });
    assert.equal(packet.toString('hex'), OFFER_HEADERS + OFFER_MESSAGE);
  });

  it('writes checksums that a receiver accepts', () => {
    const address = fc.nat(0xffffffff);
    const port = fc.nat(0xffff);
    fc.assert(
      fc.property(address, port, address, port, fc.uint8Array({ maxLength: 1500 }), (...values) => {
        const [source, sourcePort, destination, destinationPort, payload] = values;
        const packet = encodeUdpPacket({ source, sourcePort, destination, destinationPort, payload });
        assert.equal(onesComplementSum(packet.subarray(0, 20)), 0xffff);
        const pseudoHeader = Buffer.concat([packet.subarray(12, 20), Buffer.from([0, 17]), packet.subarray(24, 26)]);
        assert.equal(onesComplementSum(Buffer.concat([pseudoHeader, packet.subarray(20)])), 0xffff);
        assert.deepEqual(packet.subarray(28), Buffer.from(payload));
      }),
    );
  });

  it('sends a UDP checksum of zero as 0xffff, because zero means none', () => {
    const zeroes = { source: 0, sourcePort: 0, destination: 0, destinationPort: 0 };
    // 17 (UDP) + twice the length of 10 + this word make 0xffff, whose complement is zero.
    const packet = encodeUdpPacket({ ...zeroes, payload: Buffer.from('ffda', 'hex') });
    assert.equal(packet.readUInt16BE(26), 0xffff);
  });

  it('refuses what does not fit into one packet', () => {
    const tooLong = { source: 0, sourcePort: 0, destination: 0, destinationPort: 0, payload: Buffer.alloc(65_508) };
    assert.throws(() => encodeUdpPacket(tooLong), RangeError);
  });
});

/** RFC 1071, the receiver's way: the carry is added at once. */
function onesComplementSum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) {
    sum += even.readUInt16BE(at);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}
