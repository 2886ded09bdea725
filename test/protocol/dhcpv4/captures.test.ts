import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { messageTypeName } from '../../../src/protocol/dhcpv4/codes.js';
import { type DhcpMessage, decodeMessage, encodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import type { CapturedPacket } from '../../support/pcap.js';
import { CAPTURES, outgoing, PACKETS, packetsOf } from './packets.js';

/** A line of the text beside a capture, which another program decoded. */
const LINE =
  /^ *(\d+\.\d{3}) {2}(\S+)>(\S+) (\S+) yi=(\S+) ci=(\S+) gi=(\S+) mac=(\S+) lease=(\S+) sid=(\S+) secs=(\d+)$/;

function linesOf(capture: string): string[][] | undefined {
  const file = join(PACKETS, `${capture}.txt`);
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = LINE.exec(line);
      assert.ok(match, `${capture}: "${line}" is not of the known form`);
      return match.slice(1);
    });
}

function summaryOf(packet: CapturedPacket, start: number, message: DhcpMessage): string[] {
  const { options, chaddr } = message;
  const lease = options.get(51)?.readUInt32BE();
  const server = options.get(54)?.readUInt32BE();
  return [
    ((packet.time - start) / 1e6).toFixed(3),
    formatIpv4(packet.src),
    formatIpv4(packet.dst),
    messageTypeName(options.get(53)?.[0]),
    formatIpv4(message.yiaddr),
    formatIpv4(message.ciaddr),
    formatIpv4(message.giaddr),
    chaddr.toString('hex'),
    String(lease ?? 'None'),
    server === undefined ? 'None' : formatIpv4(server),
    String(message.secs),
  ];
}

describe('captured packets', () => {
  for (const capture of CAPTURES) {
    it(`of ${capture} are the same after decoding, encoding and decoding`, () => {
      for (const { payload } of packetsOf(capture)) {
        const message = decodeMessage(payload);
        const { bytes, omitted, relayAgentOmitted } = encodeMessage(outgoing(message), Math.max(payload.length, 548));
        assert.deepEqual([omitted, relayAgentOmitted], [[], false]);
        assert.deepEqual(decodeMessage(bytes), message);
      }
    });

    const lines = linesOf(capture);
    if (lines) {
      it(`of ${capture} have the values that another decoder found`, () => {
        const packets = packetsOf(capture);
        const start = packets[0]?.time ?? 0;
        assert.deepEqual(
          packets.map((packet) => summaryOf(packet, start, decodeMessage(packet.payload))),
          lines,
        );
      });
    }
  }

  it('were all found: 18 rows of DISCOVER and REQUEST, and a DISCOVER behind an 802.1Q tag', () => {
    const packets = packetsOf('l2-option82').map(({ payload }) => decodeMessage(payload));
    assert.equal(packets.length, 37);
    assert.equal(packets.filter(({ xid }) => xid === 0x82000063).length, 1);
  });
});

/** Option 82 by the last byte of the transaction id, as it was given to the program that made the capture. */
const LAYER_2: Readonly<Record<number, string>> = {
  1: '010600040064010c02080006001122aabbcc',
  2: '010600040ffe0230020b010973772d6163632d3037',
  3: '0110010e4769312f302f31322d7261636b41020b010973772d6163632d3037',
  4: '01040102010502080006001122aabbcc',
  5: '011567652d302f302f31302e303a656d706c6f79656573021130303a31313a32323a61613a62623a6363',
  6: '011b6578343330302d6c61623a67652d302f302f31302e303a76313030020a6578343330302d6c6162',
  7: '012453353733352d4c312065746820302f302f333a3130302e3020302f302f302f302f302f30020e303031312d323261612d62626363',
  8: '010600040064000302080006001122aabbcc',
  9: '011d44534c414d2d454153542d30342065746820312f312f332f353a383335020e4c494e452d303034322d37373831',
  10: '011a44534c414d2d454153542d30342061746d20312f353a382e3335020e4c494e452d303034322d37373832091100000de90c81040000271082040000c350',
  11: '0102000c0206001122aabbcc',
  12: '0106657468657233020762726964676531',
  13: '0106000400070001',
  14: '02080006001122aabbcc',
  15: '010600040064010d02080006001122aabbcc060b637573742d303030313233',
  16: '0105706f7274370504c00002000b04c0000201',
  17: '0100020400000000',
  18: `01c8${Buffer.from(Array.from({ length: 200 }, (_, i) => i)).toString('hex')}0206001122aabbcc`,
  99: '010600040064010c02080006001122aabbcc',
};

describe('Option 82 of switches that insert it on layer 2', () => {
  const seen = new Map<number, DhcpMessage[]>();
  for (const { payload } of packetsOf('l2-option82')) {
    const message = decodeMessage(payload);
    seen.set(message.xid & 0xff, [...(seen.get(message.xid & 0xff) ?? []), message]);
  }
  for (const [row, hex] of Object.entries(LAYER_2)) {
    it(`is read whole in row ${row}`, () => {
      for (const { relayAgent, giaddr } of seen.get(Number(row)) ?? []) {
        assert.equal(relayAgent.state === 'present' && relayAgent.payload.toString('hex'), hex);
        assert.equal(giaddr, 0);
      }
      assert.equal(seen.get(Number(row))?.length, Number(row) === 99 ? 1 : 2);
    });
  }

  it('comes in two instances from two relays that append', () => {
    const [discover] = packetsOf('relay-m-append-server').map(({ payload }) => decodeMessage(payload));
    assert.ok(discover?.relayAgent.state === 'present');
    assert.equal(discover.relayAgent.instances.length, 2);
  });
});
