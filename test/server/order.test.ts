import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LedgerEvent } from '../../src/event/event.js';
import { Lab, option82, type RequestSketch, sketchConfig, TYPE } from '../support/lab.js';

const GATEWAYS = ['198.18.0.2', '198.18.0.3'] as const;
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/22', pools: ['198.18.1.0-198.18.3.254'] }]);
const CLIENT = '020000000001';
/** More than one batch. */
const CROWD = 200;

/** Somebody else at a port of his own, or at the one that is named. */
const other = (number: number, port = `o${number}`): RequestSketch => ({
  type: TYPE.discover,
  giaddr: GATEWAYS[0],
  mac: `04${number.toString(16).padStart(10, '0')}`,
  option82: option82(port, 'sw'),
});

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

  it('is worked off in the order in which it came, at whichever ports', () => {
    lab.send(renewal('A'), renewal('A'), renewal('B'));
    assert.deepEqual(own().map(circuitOf), ['A', 'A', 'A', 'B']);
  });

  it('is recorded last where the client was last, however many wait at the port that it left', () => {
    const crowd = Array.from({ length: CROWD }, (_, i) => ({ ...other(i, 'A'), type: TYPE.request, ciaddr: address }));
    lab.send(...crowd, renewal('A'), renewal('B', GATEWAYS[1]));
    assert.equal(circuitOf(own().at(-1)!), 'B');
    assert.equal(lab.counters.dropped('overtaken'), 1);
  });

  it('leaves nothing behind: a later request is taken as ever', () => {
    const crowd = Array.from({ length: CROWD }, (_, i) => ({ ...other(i, 'A'), type: TYPE.request, ciaddr: address }));
    lab.send(...crowd, renewal('A'), renewal('B', GATEWAYS[1]));
    lab.send(renewal('A'));
    assert.equal(circuitOf(own().at(-1)!), 'A');
  });

  it('never ends at another port than that of its last request, whoever else waits', () => {
    const one = fc.record({ port: fc.constantFrom('A', 'B', 'C'), gateway: fc.constantFrom(...GATEWAYS) });
    const crowd = fc.record({ port: fc.constantFrom('A', 'B', 'C'), count: fc.nat(120) });
    const group = fc.record({ crowd, one });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 6 }), (groups) => {
        const sent = groups.flatMap(({ crowd: { port, count }, one }, group) => [
          ...Array.from({ length: count }, (_, i) => other(1000 * group + i, port)).map(asRenewal),
          renewal(one.port, one.gateway),
        ]);
        lab.send(...sent);
        assert.equal(circuitOf(own().at(-1)!), groups.at(-1)!.one.port);
      }),
      { numRuns: 50 },
    );
  });
});

/** For an address that is not his: it changes nothing. */
function asRenewal(sketch: RequestSketch): RequestSketch {
  return { ...sketch, type: TYPE.request, ciaddr: '198.18.3.254' };
}
