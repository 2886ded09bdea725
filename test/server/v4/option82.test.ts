import assert from 'node:assert/strict';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { Lab, option82, type RequestSketch, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const P1 = option82('p1', 'sw-a');
const P2 = option82('p2', 'sw-a');
const SUBNETS = [
  { subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.110'] },
  { subnet: '198.18.1.0/24', pools: ['198.18.1.100-198.18.1.110'] },
];

function text(bytes: Uint8Array | null | undefined): string | null {
  return bytes ? Buffer.from(bytes).toString('latin1') : null;
}

describe('Option 82', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(sketchConfig(SUBNETS));
  });
  afterEach(() => lab.close());

  const ports = () => lab.events().map(({ kind, circuitId, evidence }) => [kind, text(circuitId), evidence]);

  it('is echoed byte for byte as the last option, in OFFER, ACK and NAK', () => {
    const payload = option82('\x00\x04\x00\x64\x01\x0c', '\x00\x06\x00\x11\x22\xaa\xbb\xcc', 'fe03010203');
    const discover = { type: TYPE.discover, giaddr: RELAY, option82: payload };
    const [offer] = lab.send(discover);
    const [ack] = lab.send({ ...discover, type: TYPE.request, requested: '198.18.0.100', serverId: '198.18.0.1' });
    const [nak] = lab.send({ ...discover, type: TYPE.request, requested: '198.18.0.99', serverId: '198.18.0.1' });
    assert.deepEqual([offer, ack, nak].map(typeOf), [TYPE.offer, TYPE.ack, TYPE.nak]);
    for (const reply of [offer, ack, nak]) {
      const { relayAgent } = reply!.message;
      assert.equal(relayAgent.state === 'present' && relayAgent.payload.toString('hex'), payload);
    }
  });

  it('is logged with the whole request if that is enabled', () => {
    lab.send({ type: TYPE.discover, giaddr: RELAY, option82: option82('Gi1/0/1', 'sw-a') });
    const shown = lab.logger.lines.filter(({ id }) => id === 'request-received').map(({ fields }) => fields.message);
    assert.equal(shown.length, 1);
    assert.match(
      String(shown[0]),
      /^DHCPDISCOVER xid=0x[0-9a-f]{8} .* relay-agent\{circuit-id="Gi1\/0\/1" remote-id="sw-a"\}$/,
    );
  });

  it('is recorded whole with its parts', () => {
    lab.lease({ giaddr: RELAY, option82: option82('p1', 'sw-a', '0603637573' + '0c020102' + 'fe0101') });
    const [event] = lab.events();
    assert.equal(Buffer.from(event!.option82!).toString('hex'), option82('p1', 'sw-a', '06036375730c020102fe0101'));
    assert.deepEqual(
      [text(event!.circuitId), text(event!.remoteId), text(event!.subscriberId), text(event!.relayId), event!.giaddr],
      ['p1', 'sw-a', 'cus', '\x01\x02', RELAY],
    );
  });

  it('that is malformed is counted and kept, claims no port, and the client is served', () => {
    const ack = lab.lease({ giaddr: RELAY, option82: '0105aabb' });
    assert.equal(typeOf(ack), TYPE.ack);
    const [event] = lab.events();
    assert.equal(event?.evidence, 'none');
    assert.equal(Buffer.from(event!.option82!).toString('hex'), '0105aabb');
    assert.equal(event?.circuitId, null);
    assert.equal(lab.counters.snapshot().traffic['option-82-malformed'], 2);
  });

  it('that is malformed in a unicast renewal is not taken for absent', () => {
    lab.lease({ giaddr: RELAY, option82: P1 });
    lab.send({ type: TYPE.request, ciaddr: '198.18.0.100', option82: '0105aabb', snooping: true });
    lab.send({ type: TYPE.request, ciaddr: '198.18.0.100' });
    assert.deepEqual(ports(), [
      ['granted', 'p1', 'observed'],
      ['renewed', null, 'none'],
      ['renewed', 'p1', 'carried'],
    ]);
  });

  it('from a relay that is not trusted is dropped and counted; without it the relay is served', () => {
    const wary = new Lab(sketchConfig(SUBNETS, { trustedRelays: [{ network: 0xc6120000, prefix: 30 }] }));
    assert.deepEqual(wary.send({ type: TYPE.discover, giaddr: RELAY, source: '198.18.9.9', option82: P1 }), []);
    assert.equal(wary.counters.dropped('option-82-untrusted-relay'), 1);
    assert.equal(wary.send({ type: TYPE.discover, giaddr: RELAY, source: '198.18.9.9' }).length, 1);
    assert.equal(wary.send({ type: TYPE.discover, giaddr: RELAY, option82: P1 }).length, 1);
    wary.close();
  });

  it('without a relay is believed only where the listen entry says snooping', () => {
    const sketch = { type: TYPE.discover, option82: P1 };
    assert.deepEqual(lab.send(sketch), []);
    assert.equal(lab.counters.dropped('option-82-without-relay'), 1);
    assert.equal(lab.send({ ...sketch, snooping: true }).length, 1);
    lab.lease({ option82: P1, snooping: true });
    assert.deepEqual(ports(), [['granted', 'p1', 'observed']]);
    assert.equal(lab.events()[0]?.giaddr, null);
  });

  it('is not believed where it is routed to a snooping listener from elsewhere, unless that is trusted', () => {
    const sketch = { type: TYPE.request, ciaddr: '198.18.1.100', option82: P1, snooping: true, source: '203.0.113.7' };
    const wary = new Lab(sketchConfig(SUBNETS, { trustedRelays: [{ network: 0xc6120100, prefix: 24 }] }));
    wary.lease({ giaddr: '198.18.1.2' });
    assert.deepEqual(wary.send(sketch), []);
    assert.equal(wary.counters.dropped('option-82-without-relay'), 1);
    assert.equal(wary.send({ ...sketch, source: '198.18.1.100' }).length, 1);
    assert.equal(wary.events().at(-1)?.evidence, 'observed');
    wary.close();
  });

  it('shows the port of a release that an overriding relay passes on (RFC 5107)', () => {
    const through = (port: string) => ({ giaddr: RELAY, option82: option82(port, 'sw', '0b04c6120002') });
    lab.send({ type: TYPE.request, ...through('p1'), requested: '198.18.0.100', serverId: RELAY });
    lab.send({ type: TYPE.release, ...through('p2'), ciaddr: '198.18.0.100' });
    assert.deepEqual(ports().at(-1), ['released', 'p2', 'observed']);
  });

  it('selects the subnet by link selection (RFC 3527), the reply still goes to giaddr', () => {
    const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY, option82: option82('p1', 'sw', '0504c6120100') });
    assert.equal(yiaddrOf(offer), '198.18.1.100');
    assert.equal(offer?.to, RELAY);
  });

  it('overrides the server identifier (RFC 5107)', () => {
    const overridden = { giaddr: RELAY, option82: option82('p1', 'sw', '0b04c6120002') };
    const [offer] = lab.send({ type: TYPE.discover, ...overridden });
    assert.equal(offer?.message.options.get(54)?.toString('hex'), 'c6120002');
    const [ack] = lab.send({ type: TYPE.request, ...overridden, requested: '198.18.0.100', serverId: RELAY });
    assert.equal(typeOf(ack), TYPE.ack);
    lab.clock.advance(100);
    const moved = { ...overridden, option82: option82('p2', 'sw', '0b04c6120002') };
    lab.send({ type: TYPE.request, ...moved, ciaddr: '198.18.0.100' });
    assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
  });

  describe('and the port of a renewal', () => {
    const renew: RequestSketch = { type: TYPE.request, ciaddr: '198.18.0.100', xid: 77, secs: 5 };
    beforeEach(() => {
      lab.lease({ giaddr: RELAY, option82: P1 });
      lab.clock.advance(180);
    });

    it('is carried over by unicast renew and release', () => {
      lab.send(renew);
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100' });
      assert.deepEqual(ports(), [
        ['granted', 'p1', 'observed'],
        ['renewed', 'p1', 'carried'],
        ['released', 'p1', 'carried'],
      ]);
      assert.equal(lab.events()[1]?.giaddr, RELAY, 'the relay of the packet that showed the port');
    });

    it('is observed at once when the client starts again at another port, 5 % into its lease', () => {
      lab.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.100', option82: P2 });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
      lab.send(renew);
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'carried']);
    });

    it('is observed when the client broadcasts its renewal from another port before T2', () => {
      lab.send({ ...renew, giaddr: RELAY, option82: P2 });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
      assert.equal(lab.events().at(-1)?.clientState, 'REBINDING');
    });

    it("is not changed by a relay's copy of the unicast renewal, and the copy is answered", () => {
      lab.send(renew);
      const [ack] = lab.send({ ...renew, giaddr: RELAY, option82: option82('eth1') });
      assert.equal(typeOf(ack), TYPE.ack);
      assert.equal(ack?.to, RELAY);
      assert.deepEqual(ports().slice(1), [
        ['renewed', 'p1', 'carried'],
        ['renewed', 'p1', 'carried'],
      ]);
      assert.equal(lab.events().at(-1)?.clientState, 'RENEWING');
    });

    it('is not changed by the copy of a relay further up, whose network is another or unknown', () => {
      for (const giaddr of ['198.18.1.1', '203.0.113.1']) {
        const [ack] = lab.send({ ...renew, giaddr, option82: option82('eth1') });
        assert.equal(typeOf(ack), TYPE.ack);
        assert.deepEqual(ports().at(-1), ['renewed', 'p1', 'carried']);
      }
    });

    it('is not changed by a copy that names no switch, even if the renewal itself was lost', () => {
      lab.send({ ...renew, giaddr: RELAY, option82: option82('eth1') });
      assert.deepEqual(ports().at(-1), ['renewed', 'p1', 'carried']);
    });

    it('is that of the copy if the relay says that it received a broadcast (RFC 5010)', () => {
      lab.send({ ...renew, giaddr: RELAY, option82: option82('p2', 'sw-a', '0a0100') });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
      lab.send({ ...renew, giaddr: RELAY, option82: option82('p3', 'sw-a', '0a0180') });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'carried']);
    });

    it('is not changed by copies of a release, which come after it', () => {
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', xid: 9 });
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', xid: 9, giaddr: RELAY, option82: option82('eth1') });
      assert.deepEqual(ports().slice(1), [['released', 'p1', 'carried']]);
      assert.equal(lab.counters.dropped('release-unknown-lease'), 1);
    });

    it('is what a snooping switch puts into the unicast renewal', () => {
      lab.send({ ...renew, option82: P2, snooping: true });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
    });

    it("is not changed by the relay's copy of that, which has the switch's Option 82 or only its own", () => {
      lab.send({ ...renew, option82: P2, snooping: true });
      for (const copied of [P2, P2 + option82('eth1'), option82('eth1')]) {
        lab.send({ ...renew, giaddr: RELAY, option82: copied });
        assert.deepEqual(ports().at(-1)?.slice(0, 2), ['renewed', 'p2']);
        assert.equal(lab.events().at(-1)?.clientState, 'RENEWING');
      }
    });

    it('is the new one if the same transaction comes from another port a moment after the server could run again', () => {
      lab.send({ ...renew, option82: P1, snooping: true });
      lab.clock.advance(2);
      lab.send({ ...renew, giaddr: RELAY, option82: P2 });
      assert.deepEqual(ports().at(-1), ['renewed', 'p2', 'observed']);
    });

    it('is refused when the client broadcasts from another configured network after T2', () => {
      lab.clock.advance(3300);
      const [nak] = lab.send({ ...renew, giaddr: '198.18.1.2', option82: P2 });
      assert.equal(typeOf(nak), TYPE.nak);
    });

    it('is not carried when a relay of no configured network broadcasts after T2: that client left', () => {
      lab.clock.advance(3300);
      assert.deepEqual(lab.send({ ...renew, giaddr: '203.0.113.1', option82: P2 }), []);
      assert.equal(lab.counters.dropped('no-subnet'), 1);
    });

    it('uses the T2 that the client was sent', () => {
      const soon = new Lab(sketchConfig(SUBNETS, { leases: { default: 3600, min: 60, max: 3600, rebinding: 600 } }));
      soon.lease({ giaddr: RELAY, option82: P1 });
      soon.clock.advance(900);
      soon.send({ ...renew, giaddr: RELAY, option82: option82('eth7') });
      assert.equal(soon.events().at(-1)?.evidence, 'observed');
      soon.close();
    });

    it('survives a restart', () => {
      lab.crash();
      lab.open();
      lab.send(renew);
      assert.deepEqual(ports().at(-1), ['renewed', 'p1', 'carried']);
    });

    it('is that of the lease when it expires', () => {
      lab.clock.advance(3600);
      lab.pipeline.flush();
      assert.deepEqual(ports().at(-1), ['expired', 'p1', 'carried']);
    });
  });

  it('that leaves no room is not echoed, and is counted', () => {
    const long = option82('x'.repeat(250), 'y'.repeat(200));
    const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY, option82: long });
    assert.equal(formatIpv4(offer!.message.yiaddr), '198.18.0.100');
    assert.equal(offer?.message.relayAgent.state, 'absent');
    assert.equal(lab.counters.snapshot().traffic['option-82-not-echoed'], 1);
  });
});
