import assert from 'node:assert/strict';
import { decodeMessage, encodeMessage, type OutgoingMessage } from '../../../src/protocol/dhcpv4/message.js';
import type { OutgoingOption } from '../../../src/protocol/dhcpv4/option-writer.js';
import { decodeRelayAgent } from '../../../src/protocol/relay-agent/relay-agent.js';
import { outgoing, withOptions } from './packets.js';

const BASE = outgoing(decodeMessage(withOptions('ff', { 0: 2 })));
const RELAY = decodeRelayAgent([Buffer.from('010465746831', 'hex')], false);

function option(code: number, length: number): OutgoingOption {
  return [code, Buffer.alloc(length, code)];
}

function reply(options: readonly OutgoingOption[], more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { ...BASE, options, ...more };
}

/** 308 bytes are the options field of a message of 548. */
describe('a message with more options than the options field holds', () => {
  it('uses the options field up to its last byte before anything else', () => {
    const { bytes } = encodeMessage(reply([option(53, 1), option(43, 255), option(12, 45)]), 548);
    assert.equal(bytes.length, 548);
    assert.deepEqual([bytes[108], bytes[44], bytes[547]], [0, 0, 255]);
    assert.equal(decodeMessage(bytes).options.size, 3);
  });

  it('goes on in file, then in sname, and says so in option 52', () => {
    const options = [option(53, 1), option(43, 255), option(12, 100), option(15, 50)];
    const { bytes, omitted } = encodeMessage(reply(options), 548);
    assert.deepEqual(omitted, []);
    assert.deepEqual([bytes[108], bytes[109], bytes[108 + 102]], [12, 100, 255]);
    assert.deepEqual([bytes[44], bytes[45], bytes[44 + 52]], [15, 50, 255]);
    assert.deepEqual([...bytes.subarray(500, 504)], [52, 1, 3, 255]);
    assert.deepEqual([...decodeMessage(bytes).options], options);
  });

  it('names only file in option 52 if sname was not needed', () => {
    const { bytes } = encodeMessage(reply([option(53, 1), option(43, 255), option(12, 100)]), 548);
    assert.equal(bytes[bytes.indexOf(Buffer.from([52, 1]), 240) + 2], 1);
    assert.equal(decodeMessage(bytes).sname.length, 64);
  });

  it('fills sname and file to the byte before their END', () => {
    const { bytes, omitted } = encodeMessage(
      reply([option(43, 255), option(53, 1), option(12, 42), option(13, 125), option(14, 61)]),
      548,
    );
    assert.deepEqual(omitted, []);
    assert.deepEqual([bytes[235], bytes[107]], [255, 255]);
    assert.equal(decodeMessage(bytes).options.size, 5);
  });

  it('keeps a boot file name and a server name, and leaves options out instead', () => {
    const names = { file: Buffer.from('pxelinux.0'), sname: Buffer.from('boot') };
    const { bytes, omitted } = encodeMessage(reply([option(53, 1), option(43, 255), option(12, 100)], names), 548);
    assert.deepEqual(omitted, [12]);
    const message = decodeMessage(bytes);
    assert.equal(message.file.toString('latin1', 0, 11), 'pxelinux.0\0');
    assert.equal(message.sname.toString('latin1', 0, 5), 'boot\0');
    assert.deepEqual([...message.options.keys()], [53, 43]);
  });

  it('names what had no room and still sends later options that have', () => {
    const { bytes, omitted } = encodeMessage(
      reply([option(53, 1), option(43, 255), option(60, 200), option(17, 200), option(15, 20)]),
      548,
    );
    assert.deepEqual(omitted, [60, 17]);
    assert.deepEqual([...decodeMessage(bytes).options.keys()], [53, 43, 15]);
  });

  it('spreads an option that has to be split anyway over all areas', () => {
    const value = Buffer.from(Array.from({ length: 470 }, (_, i) => i % 251));
    const { bytes, omitted } = encodeMessage(reply([option(53, 1), [121, value]]), 548);
    assert.deepEqual(omitted, []);
    assert.deepEqual(decodeMessage(bytes).options.get(121), value);
    assert.deepEqual(encodeMessage(reply([option(53, 1), [121, Buffer.alloc(500)]]), 548).omitted, [121]);
  });

  it('never grows beyond the limit, nor shrinks below 300 bytes', () => {
    for (let limit = 0; limit < 620; limit += 7) {
      const { bytes } = encodeMessage(
        reply([option(53, 1), option(43, 200), option(12, 80)], { relayAgent: RELAY }),
        limit,
      );
      assert.ok(bytes.length >= 300 && bytes.length <= Math.max(300, limit), `${bytes.length} of ${limit}`);
      assert.equal(decodeMessage(bytes).options.get(53)?.length, 1);
    }
  });
});

describe('the echo of Option 82', () => {
  it('is the last option before END, byte for byte, each instance on its own', () => {
    const relayAgent = decodeRelayAgent([Buffer.from('0102', 'hex'), Buffer.from('6162', 'hex')], false);
    const { bytes } = encodeMessage(reply([option(53, 1), option(12, 3)], { relayAgent }), 548);
    assert.equal(bytes.toString('hex', 248, 257), '5202010252026162ff');
  });

  it('stays in the options field when other options are moved to file', () => {
    const options = [option(53, 1), option(43, 255), option(12, 100)];
    const { bytes, relayAgentOmitted } = encodeMessage(reply(options, { relayAgent: RELAY }), 548);
    assert.equal(relayAgentOmitted, false);
    const end = bytes.lastIndexOf(255);
    assert.equal(bytes.toString('hex', end - 8, end), '5206010465746831');
    assert.deepEqual(decodeMessage(bytes).relayAgent, RELAY);
    assert.equal(decodeMessage(bytes).options.size, 3);
  });

  it('is echoed even if malformed', () => {
    const relayAgent = decodeRelayAgent([Buffer.from('0105', 'hex')], false);
    assert.deepEqual(decodeMessage(encodeMessage(reply([], { relayAgent }), 548).bytes).relayAgent, relayAgent);
  });

  it('has priority over options that a reply does not need', () => {
    const relayAgent = decodeRelayAgent([Buffer.concat([Buffer.from([1, 198]), Buffer.alloc(198, 7)])], false);
    const message = reply([option(53, 1), option(54, 4), option(43, 200)], { relayAgent });
    const encoded = encodeMessage(message, 548);
    assert.deepEqual([encoded.omitted, encoded.relayAgentOmitted], [[43], false]);
  });

  it('is omitted, and reported as such, if it would cost an option that a reply needs', () => {
    const relayAgent = decodeRelayAgent([Buffer.alloc(255, 1), Buffer.alloc(49, 1)], false);
    const names = { file: Buffer.from('f'), sname: Buffer.from('s') };
    const encoded = encodeMessage(reply([option(53, 1), option(54, 4)], { relayAgent, ...names }), 548);
    assert.deepEqual([encoded.omitted, encoded.relayAgentOmitted], [[], true]);
    assert.equal(decodeMessage(encoded.bytes).relayAgent.state, 'absent');
  });

  it('is left out if it alone is too long', () => {
    const relayAgent = decodeRelayAgent([Buffer.alloc(255, 1), Buffer.alloc(255, 1)], false);
    assert.equal(encodeMessage(reply([option(53, 1)], { relayAgent }), 548).relayAgentOmitted, true);
  });
});
