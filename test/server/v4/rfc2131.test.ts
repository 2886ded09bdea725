import assert from 'node:assert/strict';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import { DAY, Lab, option82, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const CAMPUS = sketchConfig([
  { subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.102'] },
  { subnet: '198.18.1.0/24', pools: ['198.18.1.100-198.18.1.110'] },
]);

describe('RFC 2131 section 4.3', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(CAMPUS);
  });
  afterEach(() => lab.close());

  describe('DISCOVER', () => {
    it('is answered with an offer that commits nothing', () => {
      const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY });
      assert.equal(typeOf(offer), TYPE.offer);
      assert.equal(yiaddrOf(offer), '198.18.0.100');
      assert.equal(offer?.to, RELAY);
      assert.equal(offer?.port, 67);
      assert.deepEqual(lab.events(), []);
    });

    it('gets the same offer again until it is over, and other clients get other addresses', () => {
      const first = lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '020000000001' });
      const other = lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '020000000002' });
      const again = lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '020000000001' });
      assert.deepEqual(
        [first, other, again].map(([offer]) => yiaddrOf(offer)),
        ['198.18.0.100', '198.18.0.101', '198.18.0.100'],
      );
    });

    it('gets the requested address if it is free', () => {
      const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY, requested: '198.18.0.102' });
      assert.equal(yiaddrOf(offer), '198.18.0.102');
    });

    it('gets its former address back after the lease has ended', () => {
      lab.lease({ giaddr: RELAY, mac: '020000000001' });
      lab.lease({ giaddr: RELAY, mac: '020000000002' });
      lab.clock.advance(2 * 3600);
      assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, mac: '020000000002' })), '198.18.0.101');
    });

    it('takes the least recently used address when nothing else decides', () => {
      for (const [mac, address] of [
        ['02000000000a', '198.18.0.100'],
        ['02000000000b', '198.18.0.101'],
        ['02000000000c', '198.18.0.102'],
      ] as const) {
        assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, mac })), address);
      }
      for (const [mac, ciaddr] of [
        ['02000000000b', '198.18.0.101'],
        ['02000000000c', '198.18.0.102'],
        ['02000000000a', '198.18.0.100'],
      ] as const) {
        lab.send({ type: TYPE.release, mac, ciaddr });
      }
      assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, mac: '0200000000ff' })), '198.18.0.101');
    });

    it('gets no answer, and is counted, when the pool is exhausted', () => {
      for (const mac of ['02000000000a', '02000000000b', '02000000000c']) lab.lease({ giaddr: RELAY, mac });
      assert.deepEqual(lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '02000000000d' }), []);
      assert.equal(lab.counters.dropped('pool-exhausted'), 1);
    });

    it('gets no answer where no subnet is configured', () => {
      assert.deepEqual(lab.send({ type: TYPE.discover, giaddr: '203.0.113.1' }), []);
      assert.equal(lab.counters.dropped('no-subnet'), 1);
    });

    it('frees the address when the offer is not taken', () => {
      for (const mac of ['02000000000a', '02000000000b', '02000000000c']) {
        lab.send({ type: TYPE.discover, giaddr: RELAY, mac });
      }
      assert.deepEqual(lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '02000000000d' }), []);
      lab.clock.advance(31);
      assert.equal(yiaddrOf(lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '02000000000d' })[0]), '198.18.0.100');
    });
  });

  describe('REQUEST in SELECTING', () => {
    it('is acknowledged after lease and event are committed', () => {
      const ack = lab.lease({ giaddr: RELAY, option82: option82('Gi1/0/1', 'sw-a') });
      assert.equal(typeOf(ack), TYPE.ack);
      const [event] = lab.events();
      assert.equal(event?.kind, 'granted');
      assert.equal(event?.clientState, 'SELECTING');
      assert.equal(event?.address, '198.18.0.100');
      assert.equal(event?.evidence, 'observed');
      assert.equal(event?.leaseEnd, event!.at + 3600e6);
    });

    it('carries lease time, T1 and T2, subnet mask and the options of the subnet', () => {
      const options = lab.lease({ giaddr: RELAY })!.message.options;
      assert.equal(options.get(51)?.readUInt32BE(), 3600);
      assert.equal(options.get(58)?.readUInt32BE(), 1800);
      assert.equal(options.get(59)?.readUInt32BE(), 3150);
      assert.equal(options.get(1)?.toString('hex'), 'ffffff00');
      assert.equal(options.get(3)?.toString('hex'), 'c6120001');
      assert.equal(options.get(54)?.toString('hex'), 'c6120001');
    });

    it('has the lease time that the client requests, within the limits', () => {
      const asking = (seconds: number) => {
        const value = Buffer.alloc(4);
        value.writeUInt32BE(seconds);
        const ack = lab.lease({ giaddr: RELAY, options: [[51, value]] });
        return ack?.message.options.get(51)?.readUInt32BE();
      };
      assert.deepEqual([asking(7200), asking(1), asking(0xffffffff)], [7200, 60, DAY]);
    });

    it('for another server gets no reply and frees the offered address', () => {
      lab.send({ type: TYPE.discover, giaddr: RELAY, mac: '02000000000a' });
      const replies = lab.send({
        type: TYPE.request,
        giaddr: RELAY,
        mac: '02000000000a',
        requested: '198.18.0.200',
        serverId: '198.18.0.9',
      });
      assert.deepEqual(replies, []);
      assert.equal(lab.counters.dropped('other-server-chosen'), 1);
      assert.equal(lab.leases.offers, 0);
    });

    it('for an address that another client has is refused', () => {
      lab.lease({ giaddr: RELAY, mac: '02000000000a' });
      const [nak] = lab.send({
        type: TYPE.request,
        giaddr: RELAY,
        mac: '02000000000b',
        requested: '198.18.0.100',
        serverId: '198.18.0.1',
      });
      assert.equal(typeOf(nak), TYPE.nak);
      assert.equal(nak?.message.flags, 0x8000);
      assert.equal(nak?.message.yiaddr, 0);
      assert.equal(lab.events().length, 1);
    });

    it('finds its address still free after a restart has forgotten the offer', () => {
      lab.send({ type: TYPE.discover, giaddr: RELAY });
      lab.crash();
      lab.open();
      const [ack] = lab.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.100', serverId: '198.18.0.1' });
      assert.equal(typeOf(ack), TYPE.ack);
    });
  });

  describe('REQUEST in INIT-REBOOT', () => {
    it('is acknowledged for the address that the client has', () => {
      lab.lease({ giaddr: RELAY });
      const [ack] = lab.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.100' });
      assert.equal(typeOf(ack), TYPE.ack);
      assert.deepEqual(
        lab.events().map(({ kind, clientState }) => [kind, clientState]),
        [
          ['granted', 'SELECTING'],
          ['renewed', 'INIT-REBOOT'],
        ],
      );
    });

    it('is refused on the wrong network', () => {
      lab.lease({ giaddr: RELAY });
      const [nak] = lab.send({ type: TYPE.request, giaddr: '198.18.1.2', requested: '198.18.0.100' });
      assert.equal(typeOf(nak), TYPE.nak);
      assert.equal(lab.leases.active, 1, 'the lease on the old network goes on');
    });

    it('without a record is refused by an authoritative server and ignored by another', () => {
      assert.equal(typeOf(lab.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.101' })[0]), TYPE.nak);
      const quiet = new Lab(
        sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.102'], authoritative: false }]),
      );
      assert.deepEqual(quiet.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.101' }), []);
      assert.deepEqual(quiet.send({ type: TYPE.request, giaddr: RELAY, requested: '203.0.113.7' }), []);
      assert.equal(quiet.counters.dropped('unknown-client'), 2);
      quiet.close();
    });
  });

  describe('REQUEST in RENEWING and REBINDING', () => {
    it('extends the lease and answers to ciaddr', () => {
      lab.lease({ giaddr: RELAY });
      lab.clock.advance(1800);
      const [ack] = lab.send({ type: TYPE.request, ciaddr: '198.18.0.100' });
      assert.equal(ack?.to, '198.18.0.100');
      assert.equal(ack?.port, 68);
      assert.equal(ack?.message.ciaddr, parseIpv4('198.18.0.100'));
      const [granted, renewed] = lab.events();
      assert.deepEqual([renewed?.kind, renewed?.clientState], ['renewed', 'RENEWING']);
      assert.equal(renewed?.leaseStart, granted?.at);
      assert.equal(renewed?.leaseEnd, renewed!.at + 3600e6);
    });

    it('by broadcast is REBINDING', () => {
      lab.lease({ giaddr: RELAY });
      lab.clock.advance(3200);
      lab.send({ type: TYPE.request, ciaddr: '198.18.0.100', giaddr: RELAY });
      assert.equal(lab.events().at(-1)?.clientState, 'REBINDING');
    });

    it('after the lease has ended gets the address again if nobody else has it', () => {
      lab.lease({ giaddr: RELAY });
      lab.clock.advance(3601);
      const [ack] = lab.send({ type: TYPE.request, ciaddr: '198.18.0.100', giaddr: RELAY });
      assert.equal(typeOf(ack), TYPE.ack);
      assert.deepEqual(
        lab.events().map(({ kind }) => kind),
        ['granted', 'expired', 'granted'],
      );
    });

    it("of another client's address is refused and changes nothing", () => {
      lab.lease({ giaddr: RELAY, mac: '02000000000a' });
      const [nak] = lab.send({ type: TYPE.request, ciaddr: '198.18.0.100', mac: '02000000000b' });
      assert.equal(typeOf(nak), TYPE.nak);
      assert.equal(nak?.to, 'broadcast');
      assert.equal(lab.events().length, 1);
    });

    it('of an address that is no longer configured is refused, and the lease is revoked', () => {
      lab.lease({ giaddr: RELAY });
      lab.crash();
      lab.open(sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.50-198.18.0.60'] }]));
      const [nak] = lab.send({ type: TYPE.request, ciaddr: '198.18.0.100' });
      assert.equal(typeOf(nak), TYPE.nak);
      assert.equal(lab.events().at(-1)?.kind, 'revoked');
      assert.equal(lab.leases.active, 0);
    });
  });

  describe('DECLINE', () => {
    it('quarantines the address for the configured time, over a restart too', () => {
      lab.lease({ giaddr: RELAY });
      lab.send({ type: TYPE.decline, giaddr: RELAY, requested: '198.18.0.100', serverId: '198.18.0.1' });
      assert.equal(lab.events().at(-1)?.kind, 'declined');
      lab.crash();
      lab.open();
      assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY })), '198.18.0.101');
      lab.clock.advance(DAY + 1);
      lab.pipeline.flush();
      assert.ok(lab.topology.networkOf(parseIpv4('198.18.0.100'))?.isFree(parseIpv4('198.18.0.100')));
    });

    it("of another client's address is ignored and counted", () => {
      lab.lease({ giaddr: RELAY, mac: '02000000000a' });
      lab.send({ type: TYPE.decline, giaddr: RELAY, mac: '02000000000b', requested: '198.18.0.100' });
      assert.equal(lab.counters.dropped('decline-unknown-lease'), 1);
      assert.equal(lab.leases.active, 1);
    });
  });

  describe('RELEASE', () => {
    it('ends the lease at once and is not answered', () => {
      lab.lease({ giaddr: RELAY });
      lab.clock.advance(100);
      assert.deepEqual(lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', serverId: '198.18.0.1' }), []);
      const event = lab.events().at(-1);
      assert.equal(event?.kind, 'released');
      assert.equal(event?.leaseEnd, event?.at);
    });

    it("of another client's address, or a second time, is ignored and counted", () => {
      lab.lease({ giaddr: RELAY, mac: '02000000000a' });
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', mac: '02000000000b' });
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', mac: '02000000000a' });
      lab.send({ type: TYPE.release, ciaddr: '198.18.0.100', mac: '02000000000a' });
      assert.equal(lab.counters.dropped('release-unknown-lease'), 2);
      assert.equal(lab.events().length, 2);
    });
  });

  it('INFORM is answered to ciaddr with options, without lease, address or event', () => {
    const [ack] = lab.send({ type: TYPE.inform, ciaddr: '198.18.0.77' });
    assert.equal(ack?.to, '198.18.0.77');
    assert.equal(typeOf(ack), TYPE.ack);
    assert.equal(ack?.message.yiaddr, 0);
    assert.equal(ack?.message.options.has(51), false);
    assert.equal(ack?.message.options.get(3)?.toString('hex'), 'c6120001');
    assert.deepEqual(lab.events(), []);
  });

  it('INFORM from a relay of no network here is not answered: the answer would go to anybody', () => {
    assert.deepEqual(lab.send({ type: TYPE.inform, ciaddr: '198.18.0.77', giaddr: '203.0.113.8' }), []);
    assert.deepEqual(lab.send({ type: TYPE.discover, giaddr: '255.255.255.255' }), []);
    assert.equal(lab.counters.dropped('no-subnet'), 2);
  });

  it('a routed packet without a relay is from no network', () => {
    assert.deepEqual(lab.send({ type: TYPE.discover, source: '203.0.113.8', viaBroadcast: false }), []);
    assert.equal(lab.counters.dropped('no-subnet'), 1);
  });

  describe('where replies go (section 4.1)', () => {
    it('to the link address of a client without an address, unless it demands broadcast', () => {
      assert.equal(lab.send({ type: TYPE.discover })[0]?.to, 'link 198.18.0.100');
      assert.equal(lab.send({ type: TYPE.discover, flags: 0x8000 })[0]?.to, 'broadcast');
    });

    it('to the source port of a relay that asks for it (RFC 8357)', () => {
      const sketch = { type: TYPE.discover, giaddr: RELAY, sourcePort: 4067 };
      assert.equal(lab.send({ ...sketch, option82: option82('p1', 'sw', '1300') })[0]?.port, 4067);
      assert.equal(lab.send({ ...sketch, option82: option82('p1', 'sw') })[0]?.port, 67);
    });
  });

  it('echoes the client identifier (RFC 6842)', () => {
    const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY, clientId: 'ff0102' });
    assert.equal(offer?.message.options.get(61)?.toString('hex'), 'ff0102');
  });

  it('identifies clients by client identifier, not by hardware address (section 4.2)', () => {
    assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, clientId: '01aa' })), '198.18.0.100');
    assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, clientId: '01bb' })), '198.18.0.101');
    assert.equal(yiaddrOf(lab.lease({ giaddr: RELAY, clientId: '01aa', mac: '0200000000ee' })), '198.18.0.100');
  });

  it('sends what the parameter request list names, in its order, and only that', () => {
    const [offer] = lab.send({ type: TYPE.discover, giaddr: RELAY, options: [[55, Uint8Array.of(6, 15)]] });
    assert.equal(offer?.message.options.has(3), false);
  });
});
