import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import type { Endpoint } from '../../../src/net/udp.js';
import { intakeKey } from '../../../src/server/intake/intake-key.js';
import type { ListenSettings } from '../../../src/server/settings.js';
import { encodeRequest, option82, type RequestSketch, SERVER, TYPE } from '../../support/lab.js';

const RELAY = '198.18.0.2';

function keyOf(sketch: Omit<RequestSketch, 'type'> & { bytes?: Buffer }) {
  const { snooping = false } = sketch;
  const listen: ListenSettings = { address: SERVER, port: 67, relayPort: 67, clientPort: 68, snooping };
  const bytes = sketch.bytes ?? encodeRequest({ type: TYPE.discover, xid: 1, ...sketch });
  const source = parseIpv4(sketch.source ?? sketch.giaddr ?? sketch.ciaddr ?? '0.0.0.0');
  const viaBroadcast = sketch.giaddr === undefined && sketch.ciaddr === undefined;
  const endpoint = { address: SERVER } as Endpoint;
  return intakeKey({ bytes, source, sourcePort: 67, viaBroadcast, endpoint }, listen);
}

describe('The key of a datagram in the intake', () => {
  it('is the port that the relay names, whoever the client says to be', () => {
    const first = keyOf({ giaddr: RELAY, mac: '02000000000a', option82: option82('p1', 'sw') });
    assert.deepEqual(keyOf({ giaddr: RELAY, mac: '02000000000b', option82: option82('p1', 'sw') }), first);
    assert.notDeepEqual(keyOf({ giaddr: RELAY, mac: '02000000000a', option82: option82('p2', 'sw') }), first);
    assert.notDeepEqual(keyOf({ giaddr: RELAY, mac: '02000000000a', option82: option82('p1', 'sx') }), first);
    assert.notDeepEqual(keyOf({ giaddr: RELAY, option82: option82('p', '1sw') }), first);
  });

  it('does not change with sub-options that differ from packet to packet', () => {
    const one = keyOf({ giaddr: RELAY, option82: option82('p1', 'sw', '080401020304') });
    assert.deepEqual(keyOf({ giaddr: RELAY, option82: option82('p1', 'sw', '080405060708') }), one);
  });

  it('is the client where no port is named', () => {
    const one = keyOf({ giaddr: RELAY, mac: '02000000000a' });
    const other = keyOf({ giaddr: RELAY, mac: '02000000000b' });
    assert.equal(one.relay, other.relay);
    assert.notEqual(one.port, other.port);
    assert.deepEqual(keyOf({ giaddr: RELAY, mac: '02000000000a', option82: '0603637573' }), one);
  });

  it('goes by the address that a relay sends from, not by the giaddr that anybody can write', () => {
    const one = keyOf({ giaddr: '198.18.0.3', source: RELAY });
    assert.deepEqual(keyOf({ giaddr: '198.18.0.4', source: RELAY }), one);
    assert.notEqual(keyOf({ giaddr: '198.18.0.3', source: '198.18.0.9' }).relay, one.relay);
  });

  it('does not believe Option 82 without a relay, unless the listener is behind a snooping switch', () => {
    const forged = [option82('p1'), option82('p2')].map((payload) => keyOf({ option82: payload }));
    assert.deepEqual(forged[0], forged[1]);
    const snooped = [option82('p1'), option82('p2')].map((payload) => keyOf({ option82: payload, snooping: true }));
    assert.notDeepEqual(snooped[0], snooped[1]);
  });

  it('is one relay for all clients that renew from their own addresses, and a port for each', () => {
    const one = keyOf({ ciaddr: '198.18.0.100', mac: '02000000000a' });
    const other = keyOf({ ciaddr: '198.18.0.101', mac: '02000000000a' });
    assert.equal(one.relay, other.relay);
    assert.notEqual(one.port, other.port);
    assert.deepEqual(keyOf({ ciaddr: '198.18.0.100', mac: '02000000000b' }), one, 'one sender is one port');
  });

  it('distinguishes DISCOVERs from other messages', () => {
    const typed = (type: number, payload?: string) => {
      const bytes = encodeRequest({ type, xid: 1, giaddr: RELAY, ...(payload ? { option82: payload } : {}) });
      return keyOf({ giaddr: RELAY, bytes }).isDiscover;
    };
    for (const payload of [undefined, option82('p1', 'sw')]) {
      assert.equal(typed(TYPE.discover, payload), true);
      for (const type of [TYPE.request, TYPE.release, TYPE.decline, TYPE.inform])
        assert.equal(typed(type, payload), false);
    }
  });

  it('can be made of any bytes', () => {
    const relayed = (options: Uint8Array) => {
      const bytes = Buffer.concat([
        encodeRequest({ type: TYPE.discover, xid: 1, giaddr: RELAY }).subarray(0, 240),
        options,
      ]);
      return keyOf({ giaddr: RELAY, bytes });
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        assert.equal(typeof keyOf({ giaddr: RELAY, bytes: Buffer.from(bytes) }).port, 'string');
        assert.equal(typeof relayed(bytes).port, 'string');
        assert.equal(typeof relayed(Uint8Array.of(82, ...bytes)).port, 'string');
      }),
    );
  });
});
