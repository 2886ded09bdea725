import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeMessage, describeOption, describeRelayAgent } from '../../../src/protocol/dhcpv4/dump.js';
import { decodeMessage, encodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import { parseOptionType } from '../../../src/protocol/dhcpv4/option-value.js';
import { OptionRegistry } from '../../../src/protocol/dhcpv4/options.js';
import { decodeRelayAgent } from '../../../src/protocol/relay-agent/relay-agent.js';
import { outgoing, packetsOf, withOptions } from './packets.js';

const PRINTABLE_LINE = /^[\x20-\x7e]+$/;

describe('describeMessage', () => {
  it('describes a relayed OFFER in one line', () => {
    const offer = packetsOf('relay-a-server')[1]!;
    assert.equal(
      describeMessage(decodeMessage(offer.payload)),
      'DHCPOFFER xid=0xa29f3a76 chaddr=02:f0:00:00:03:01 hops=1 yiaddr=198.18.16.100 giaddr=198.18.16.1 ' +
        'dhcp-server-identifier=198.18.0.2 dhcp-lease-time=60 subnet-mask=255.255.255.0 routers=[198.18.16.1] ' +
        'relay-agent{circuit-id="eth1"}',
    );
  });

  it('describes the rarer fields of the header', () => {
    const bytes = withOptions('ff', {
      1: 6,
      8: Buffer.from([0, 9]),
      10: 0x80,
      12: Buffer.from([198, 18, 0, 9]),
      44: Buffer.from('boot'),
      108: Buffer.alloc(128, 0x66),
    });
    assert.equal(
      describeMessage(decodeMessage(bytes)),
      `BOOTP xid=0xdeadbeef chaddr=6/02:00:00:00:00:01 secs=9 broadcast ciaddr=198.18.0.9 sname="boot" file="${'f'.repeat(128)}"`,
    );
    assert.match(describeMessage(decodeMessage(withOptions('35 01 63 ff', { 2: 0 }))), /^type 99 .* chaddr=1\/none$/);
  });

  it('lets nothing that a client sent look like another field or reach the terminal', () => {
    const line = describeMessage(
      decodeMessage(withOptions('0c 10 61 22 20 79 3d 1b 5b 32 4a 0a c2 9b 7f e2 80 ae ff')),
    );
    assert.match(line, PRINTABLE_LINE);
    assert.ok(line.endsWith(' host-name="a\\x22 y=\\x1b[2J\\x0a\\xc2\\x9b\\x7f\\xe2\\x80\\xae"'), line);
  });

  it('is one printable line of bounded length, whatever options came', () => {
    const option = fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52 && code !== 82),
      fc.uint8Array({ maxLength: 300 }),
    );
    const payload = fc.uint8Array({ maxLength: 255 }).map((bytes) => decodeRelayAgent([Buffer.from(bytes)], false));
    fc.assert(
      fc.property(fc.array(option, { maxLength: 6 }), payload, (options, relayAgent) => {
        const base = outgoing(decodeMessage(withOptions('ff')));
        const line = describeMessage(decodeMessage(encodeMessage({ ...base, options, relayAgent }, 9000).bytes));
        assert.match(line, PRINTABLE_LINE);
        assert.ok(line.length < 80 + options.length * 240 + 128 * 230, `${line.length}`);
      }),
    );
  });
});

describe('describeOption', () => {
  it('shows a value by its type, and as hex if it does not fit', () => {
    assert.equal(describeOption(3, Buffer.from([198, 18, 0, 1])), 'routers=[198.18.0.1]');
    assert.equal(describeOption(3, Buffer.from([198, 18, 0])), 'routers=0xc61200');
    assert.equal(describeOption(81, Buffer.from('000000706331', 'hex')), 'fqdn=[0,0,0,"pc1"]');
    assert.equal(describeOption(19, Buffer.from([1])), 'ip-forwarding=true');
  });

  it('names options of the user, and others by their code', () => {
    const registry = new OptionRegistry([{ name: 'xgrid-controller', code: 250, type: parseOptionType('ip-address') }]);
    assert.equal(describeOption(250, Buffer.from([198, 18, 0, 1]), registry), 'xgrid-controller=198.18.0.1');
    assert.equal(describeOption(250, Buffer.from([198, 18, 0, 1])), 'option-250=0xc6120001');
    assert.equal(describeOption(251, Buffer.from('a "b"')), 'option-251="a \\x22b\\x22"');
  });

  it('cuts long values and says how long they are', () => {
    assert.equal(describeOption(12, Buffer.alloc(200, 0x61)), `host-name="${'a'.repeat(160)}...(200 characters)"`);
  });
});

describe('describeRelayAgent', () => {
  it('names sub-options and shows unknown ones by their code', () => {
    const payload = Buffer.from('0102000c 0206001122aabbcc 0504c0000200 fe0141 1300 0a0180'.replaceAll(' ', ''), 'hex');
    assert.equal(
      describeRelayAgent(decodeRelayAgent([payload], false)),
      'relay-agent{circuit-id=0x000c remote-id=0x001122aabbcc link-selection=192.0.2.0 suboption-254="A" ' +
        'relay-source-port=true flags=128}',
    );
  });

  it('shows why Option 82 is malformed, with its bytes', () => {
    assert.equal(
      describeRelayAgent(decodeRelayAgent([Buffer.from('0105', 'hex')], false)),
      'relay-agent{malformed=truncated-suboption payload=0x0105}',
    );
    assert.equal(describeRelayAgent({ state: 'absent' }), 'relay-agent{}');
  });
});
