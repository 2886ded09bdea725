import assert from 'node:assert/strict';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import { FreeList } from '../../../src/server/leases/free-list.js';
import type { ReservationSettings } from '../../../src/server/settings.js';
import { Lab, option82, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const POOL = ['198.18.0.100-198.18.0.102'];

function reservation(match: ReservationSettings['match'], address: string): ReservationSettings {
  return {
    match,
    address: parseIpv4(address),
    options: new Map(),
    leases: { default: 600, min: 60, max: 600 },
    boot: {},
  };
}

describe('Address allocation', () => {
  let lab: Lab | undefined;
  const start = (...args: ConstructorParameters<typeof Lab>) => {
    lab = new Lab(...args);
    return lab;
  };
  afterEach(() => lab?.close());

  it('honours reservations by MAC, client identifier, and switch and port', () => {
    const { send } = bound(
      start(
        sketchConfig([
          {
            subnet: '198.18.0.0/24',
            pools: POOL,
            reservations: [
              reservation({ by: 'mac', htype: 1, mac: Buffer.from('020000000001', 'hex') }, '198.18.0.9'),
              reservation({ by: 'client-id', clientId: Buffer.from('01aa', 'hex') }, '198.18.0.101'),
              reservation({ by: 'port', switchId: Buffer.from('sw-a'), circuitId: Buffer.from('p7') }, '198.18.0.7'),
            ],
          },
        ]),
      ),
    );
    assert.equal(send({ mac: '020000000001' }), '198.18.0.9');
    assert.equal(send({ mac: '020000000002', clientId: '01aa' }), '198.18.0.101');
    assert.equal(send({ mac: '020000000003', option82: option82('p7', 'sw-a') }), '198.18.0.7');
    assert.deepEqual(
      [send({ mac: '020000000004' }), send({ mac: '020000000005' }), send({ mac: '020000000006' })],
      ['198.18.0.100', '198.18.0.102', undefined],
      'a reserved address is never given to others',
    );
  });

  it('gives the address of a port to the device that is there now', () => {
    const port = { by: 'port', switchId: Buffer.from('sw-a'), circuitId: Buffer.from('p7') } as const;
    const { send, events } = bound(
      start(sketchConfig([{ subnet: '198.18.0.0/24', pools: POOL, reservations: [reservation(port, '198.18.0.7')] }])),
    );
    assert.equal(send({ mac: '02000000000a', option82: option82('p7', 'sw-a') }), '198.18.0.7');
    assert.equal(send({ mac: '02000000000b', option82: option82('p7', 'sw-a') }), '198.18.0.7');
    assert.deepEqual(events(), ['granted', 'granted']);
  });

  it('does not take a reserved address from the client that still has it', () => {
    const config = (reservations: ReservationSettings[]) =>
      sketchConfig([{ subnet: '198.18.0.0/24', pools: POOL, reservations }]);
    const here = start(config([]));
    assert.equal(yiaddrOf(here.lease({ giaddr: RELAY, mac: '02000000000a' })), '198.18.0.100');
    here.crash();
    here.open(config([reservation({ by: 'mac', htype: 1, mac: Buffer.from('02000000000b', 'hex') }, '198.18.0.100')]));
    assert.equal(yiaddrOf(here.lease({ giaddr: RELAY, mac: '02000000000b' })), '198.18.0.101');
    const [nak] = here.send({ type: TYPE.request, ciaddr: '198.18.0.100', mac: '02000000000a' });
    assert.equal(typeOf(nak), TYPE.nak, 'the holder is not renewed');
    assert.equal(yiaddrOf(here.lease({ giaddr: RELAY, mac: '02000000000b' })), '198.18.0.100');
    assert.deepEqual(
      here.events().map(({ kind, address }) => `${kind} ${address}`),
      [
        'granted 198.18.0.100',
        'granted 198.18.0.101',
        'revoked 198.18.0.100',
        'revoked 198.18.0.101',
        'granted 198.18.0.100',
      ],
    );
  });

  it('uses all subnets of a shared network behind one relay', () => {
    const { send } = bound(
      start(
        sketchConfig([
          { subnet: '198.18.0.0/24', sharedNetwork: 'lan', pools: ['198.18.0.100-198.18.0.100'] },
          { subnet: '198.18.7.0/24', sharedNetwork: 'lan', pools: ['198.18.7.100-198.18.7.100'] },
        ]),
      ),
    );
    assert.deepEqual(
      [send({ mac: '02000000000a' }), send({ mac: '02000000000b' }), send({ mac: '02000000000c' })],
      ['198.18.0.100', '198.18.7.100', undefined],
    );
  });

  it('serves a directly attached client from the subnet of the interface', () => {
    const here = start(
      sketchConfig([
        { subnet: '198.18.7.0/24', pools: ['198.18.7.100-198.18.7.110'] },
        { subnet: '198.18.0.0/24', pools: POOL },
      ]),
    );
    assert.equal(yiaddrOf(here.lease({})), '198.18.0.100');
  });

  it('never gives away the server, network or broadcast address', () => {
    const { send } = bound(start(sketchConfig([{ subnet: '198.18.0.0/30', pools: ['198.18.0.0-198.18.0.3'] }])));
    assert.deepEqual([send({ mac: '02000000000a' }), send({ mac: '02000000000b' })], ['198.18.0.2', undefined]);
  });

  it('ends the lease that a client has in the network when it takes another address there', () => {
    const here = start(sketchConfig([{ subnet: '198.18.0.0/24', pools: POOL }]));
    here.lease({ giaddr: RELAY });
    here.send({ type: TYPE.request, giaddr: RELAY, requested: '198.18.0.102', serverId: '198.18.0.1' });
    assert.deepEqual(
      here.events().map(({ kind, address }) => `${kind} ${address}`),
      ['granted 198.18.0.100', 'revoked 198.18.0.100', 'granted 198.18.0.102'],
    );
    assert.equal(here.leases.active, 1);
  });

  it('queries the pool no more often when 99.9 % are taken than when all are free', function () {
    this.timeout(20_000);
    const here = start(sketchConfig([{ subnet: '198.18.0.0/15', pools: ['198.18.1.0-198.18.250.255'] }]));
    const pool = here.topology.networks[0]!.pools[0]!;
    const discover = (mac: string) =>
      callsOf(FreeList.prototype, () => here.send({ type: TYPE.discover, giaddr: RELAY, mac }));
    const whenFree = discover('02000000000a');
    for (let address = pool.first; pool.free > pool.size / 1000; address++) pool.take(address);
    assert.equal(discover('02000000000b'), whenFree);
    assert.equal(here.sent.length, 2);
  });

  function bound(here: Lab) {
    return {
      send: (sketch: Parameters<Lab['lease']>[0]) => yiaddrOf(here.lease({ giaddr: RELAY, ...sketch })),
      events: () => here.events().map(({ kind }) => kind),
    };
  }
});

/** How often methods of a class are called while something runs. */
function callsOf(prototype: object, run: () => unknown): number {
  let calls = 0;
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(
    ([name, { value }]) => name !== 'constructor' && typeof value === 'function',
  );
  for (const [name, { value }] of methods) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      value(this: unknown, ...args: unknown[]) {
        calls += 1;
        return Reflect.apply(value, this, args);
      },
    });
  }
  try {
    run();
  } finally {
    for (const [name, descriptor] of methods) Object.defineProperty(prototype, name, descriptor);
  }
  return calls;
}
