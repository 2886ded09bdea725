import assert from 'node:assert/strict';
import { PORT_BACKLOG } from '../../../src/server/intake/intake.js';
import { Lab, option82, type RequestSketch, sketchConfig, TYPE, typeOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/22', pools: ['198.18.1.0-198.18.3.254'] }], {
  maxLeasesPerPort: 4,
});
const FLOOD = 5000;

const mac = (kind: string, number: number) => `02${kind}${number.toString(16).padStart(8, '0')}`;
const flooded = (number: number): RequestSketch => ({
  type: TYPE.discover,
  giaddr: RELAY,
  mac: mac('ff', number),
  option82: option82('bad', 'sw'),
});
const honest = (number: number): RequestSketch => ({
  type: TYPE.discover,
  giaddr: RELAY,
  mac: mac('00', number),
  option82: option82(`p${number}`, 'sw'),
});

describe('A flood from one port', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(CAMPUS);
  });
  afterEach(() => lab.close());

  const offers = () => lab.sent.filter((sent) => typeOf(sent) === TYPE.offer).length;

  it('does not keep the other ports of its relay waiting: they are answered with the next batch', () => {
    lab.receive(...Array.from({ length: FLOOD }, (_, i) => flooded(i)));
    lab.receive(...Array.from({ length: 40 }, (_, i) => honest(i)));
    lab.pipeline.flush();
    const ports = lab.sent.filter((sent) => typeOf(sent) === TYPE.offer).map(circuitOf);
    for (let i = 0; i < 40; i++) assert.ok(ports.includes(`p${i}`), `port p${i}`);
  });

  it('is limited to the backlog of one port, and the rest is counted', () => {
    lab.receive(...Array.from({ length: FLOOD }, (_, i) => flooded(i)));
    lab.pipeline.drain();
    const { traffic, drops } = lab.counters.snapshot();
    assert.equal(drops['backlog-full'], FLOOD - PORT_BACKLOG);
    assert.equal(traffic.received, (traffic['offers-sent'] ?? 0) + Object.values(drops).reduce((a, b) => a + b, 0));
  });

  it('leaves the addresses to the others: a port has no more offers than it may have leases', () => {
    for (let batch = 0; batch < 30; batch++) {
      lab.receive(...Array.from({ length: 60 }, (_, i) => flooded(batch * 60 + i)));
      lab.pipeline.drain();
    }
    assert.equal(offers(), 4);
    assert.equal(lab.counters.dropped('port-lease-limit'), 30 * 60 - 4);
    assert.equal(typeOf(lab.send(honest(1))[0]), TYPE.offer);
  });
});

function circuitOf({ message }: { message: { relayAgent: unknown } }): string {
  return (message.relayAgent as { suboptions: Map<number, Buffer> }).suboptions.get(1)!.toString('latin1');
}
