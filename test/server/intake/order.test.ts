import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { BACKLOG } from '../../../src/server/intake/intake.js';
import { Overtaken } from '../../../src/server/intake/overtaken.js';
import { Lab, option82, type RequestSketch, sketchConfig, TYPE } from '../../support/lab.js';

const GATEWAYS = ['198.18.0.2', '198.18.0.3'] as const;
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/22', pools: ['198.18.1.0-198.18.3.254'] }]);
const CLIENT = '020000000001';
const CROWD = 200;

function circuitOf({ circuitId }: LedgerEvent): string | undefined {
  return circuitId ? Buffer.from(circuitId).toString() : undefined;
}

describe('What one client sent while the server could not run', () => {
  let lab: Lab;
  let address: string;

  const renewal = (port: string, giaddr: string = GATEWAYS[0]): RequestSketch => ({
    type: TYPE.request,
    giaddr,
    mac: CLIENT,
    ciaddr: address,
    option82: option82(port, 'sw'),
  });
  const own = () => lab.events().filter(({ hwaddr }) => hwaddr && Buffer.from(hwaddr).toString('hex') === CLIENT);

  beforeEach(() => {
    lab = new Lab(CAMPUS);
    const ack = lab.lease({ mac: CLIENT, giaddr: GATEWAYS[0], option82: option82('A', 'sw') });
    address = ack!.message.yiaddr
      .toString(16)
      .replace(/../g, (hex) => `${Number.parseInt(hex, 16)}.`)
      .slice(0, -1);
  });
  afterEach(() => lab.close());

  it('is served in the order of arrival, at whichever ports', () => {
    lab.send(renewal('A'), renewal('A'), renewal('B'));
    assert.deepEqual(own().map(circuitOf), ['A', 'A', 'A', 'B']);
  });

  it('is recorded last where the client was last, however many wait at the port that it left', () => {
    lab.send(...crowdAt('A'), renewal('A'), renewal('B', GATEWAYS[1]));
    assert.equal(circuitOf(own().at(-1)!), 'B');
    assert.equal(lab.counters.dropped('overtaken'), 1);
  });

  for (const [what, forged] of [
    ['an INFORM', { type: TYPE.inform }],
    ['a message of no known type', { type: 99 }],
    ['a request to another server', { type: TYPE.request, serverId: '198.18.0.99', requested: '198.18.1.77' }],
  ] as const) {
    it(`is not dropped for ${what} that anybody can write in its name`, () => {
      const stranger = { ...forged, mac: CLIENT, ciaddr: address, source: '10.66.6.6', viaBroadcast: false };
      lab.send(...crowdAt('A'), renewal('A'), stranger);
      assert.equal(own().at(-1)!.kind, 'renewed');
    });
  }

  it('is not dropped, if it gives the lease back, for a later request that another server is to answer', () => {
    const release = { type: TYPE.release, mac: CLIENT, ciaddr: address, source: address, serverId: '198.18.0.1' };
    const { ciaddr: _, ...selecting } = renewal('B');
    const chosen = { ...selecting, requested: '198.18.1.77', serverId: '198.18.0.99' };
    const senders = Array.from({ length: CROWD }, (_, i): RequestSketch => {
      const mac = `04${i.toString(16).padStart(10, '0')}`;
      return { type: TYPE.request, mac, ciaddr: '198.18.3.254', source: `198.18.2.${i}`, viaBroadcast: false };
    });
    lab.send(...senders, { ...release, viaBroadcast: false }, chosen);
    assert.deepEqual(
      own().map(({ kind }) => kind),
      ['granted', 'released'],
    );
  });

  it('leaves nothing behind: a later request is served as usual', () => {
    lab.send(...crowdAt('A'), renewal('A'), renewal('B', GATEWAYS[1]));
    lab.send(renewal('A'));
    assert.equal(circuitOf(own().at(-1)!), 'A');
  });

  it('always ends at the port of its last request, whoever else waits', () => {
    const one = fc.record({ port: fc.constantFrom('A', 'B', 'C'), gateway: fc.constantFrom(...GATEWAYS) });
    const crowd = fc.record({ port: fc.constantFrom('A', 'B', 'C'), count: fc.nat(120) });
    const group = fc.record({ crowd, one });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 6 }), (groups) => {
        const sent = groups.flatMap(({ crowd: { port, count }, one }, group) => [
          ...crowdAt(port, count, 1000 * group),
          renewal(one.port, one.gateway),
        ]);
        lab.send(...sent);
        assert.equal(circuitOf(own().at(-1)!), groups.at(-1)!.one.port);
      }),
      { numRuns: 50 },
    );
  });
});

/** Requests of other clients at one port, for an address that is not theirs: without effect, and more than one batch. */
function crowdAt(port: string, count = CROWD, from = 0): RequestSketch[] {
  const ask = { type: TYPE.request, ciaddr: '198.18.3.254', giaddr: GATEWAYS[0], option82: option82(port, 'sw') };
  return Array.from({ length: count }, (_, i) => ({ ...ask, mac: `04${(from + i).toString(16).padStart(10, '0')}` }));
}

describe('What was overtaken', () => {
  it('is recognised, with bounded memory', () => {
    const overtaken = new Overtaken();
    const count = 10 * BACKLOG;
    for (let i = 1; i <= count; i++) overtaken.note(`client ${i}`, i);
    const known = Array.from({ length: count }, (_, i) => overtaken.has(`client ${i + 1}`, i));
    assert.ok(known.slice(-2 * BACKLOG).every(Boolean), 'the latest');
    assert.ok(known.filter(Boolean).length <= 4 * BACKLOG, 'and few more');
    assert.equal(overtaken.has(`client ${count}`, count + 1), false);
    overtaken.clear();
    assert.equal(overtaken.has(`client ${count}`, 1), false);
  });
});
