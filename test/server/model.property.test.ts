import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatIpv4, parseIpv4 } from '../../src/net/ipv4.js';
import { unpack } from '../../src/server/leases/packed.js';
import { portName } from '../../src/server/v4/port-limit.js';
import { Lab, option82, type RequestSketch, sketchConfig, TYPE } from '../support/lab.js';

const POOL = 4;
const CLIENTS = 6;
const mac = (client: number) => `0200000000${String(client).padStart(2, '0')}`;
const address = (slot: number) => `198.18.0.${100 + slot}`;

type Step =
  | { do: 'request'; sketch: RequestSketch }
  | { do: 'lease'; client: number; port: number }
  | { do: 'wait'; seconds: number }
  | { do: 'crash' }
  | { do: 'break' }
  | { do: 'repair' };

const client = fc.nat(CLIENTS - 1);
const slot = fc.nat(POOL - 1);
const port = fc.nat(2);
const PORTS = [0, 1, 2].map(
  (p) => portName({ giaddr: 0, option82: Buffer.from(option82(`p${p}`, 'sw'), 'hex').toString('latin1') })!,
);
const relayed = (p: number) => ({ giaddr: '198.18.0.2', option82: option82(`p${p}`, 'sw') });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('lease' as const), client, port }) },
  {
    weight: 8,
    arbitrary: fc
      .record({ type: fc.constantFrom(1, 3, 3, 3, 4, 7, 7, 8), client, slot, port, shape: fc.nat(4) })
      .map(({ type, client: c, slot: s, port: p, shape }): Step => {
        const base = { type, mac: mac(c) };
        const shapes: RequestSketch[] = [
          { ...base, ciaddr: address(s) },
          { ...base, ciaddr: address(s), ...relayed(p) },
          { ...base, requested: address(s), ...relayed(p) },
          { ...base, requested: address(s), serverId: '198.18.0.1', ...relayed(p) },
          { ...base, requested: address(s), serverId: '198.18.0.9', ...relayed(p) },
        ];
        return { do: 'request', sketch: shapes[shape]! };
      }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 200 }) }) },
  fc.constant({ do: 'crash' as const }),
  fc.constant({ do: 'break' as const }),
  { weight: 2, arbitrary: fc.constant({ do: 'repair' as const }) },
);

/** Who may use which address until when, as the clients know it from the ACKs they saw. */
class Witness {
  readonly held = new Map<string, { mac: string; until: number }>();

  ack(ip: string, who: string, until: number, now: number): void {
    const holder = this.held.get(ip);
    assert.ok(!holder || holder.mac === who || holder.until <= now, `${ip} of ${holder?.mac} given to ${who}`);
    this.held.set(ip, { mac: who, until });
  }
}

function run(steps: Step[], maxLeasesPerPort: number | undefined): void {
  const config = sketchConfig([{ subnet: '198.18.0.0/24', pools: [`${address(0)}-${address(POOL - 1)}`] }], {
    leases: { default: 120, min: 60, max: 120 },
    declineTime: 300e6,
    ...(maxLeasesPerPort === undefined ? {} : { maxLeasesPerPort }),
  });
  const lab = new Lab(config);
  try {
    drive(lab, steps, maxLeasesPerPort);
  } finally {
    lab.close();
  }
}

function drive(lab: Lab, steps: Step[], maxLeasesPerPort: number | undefined): void {
  const witness = new Witness();
  let acks = 0;
  let broken = false;
  const observe = (sent: Lab['sent'], sketch: RequestSketch) => {
    for (const { message } of sent) {
      if (message.options.get(53)?.[0] === TYPE.nak && sketch.ciaddr) witness.held.delete(sketch.ciaddr);
      if (message.options.get(53)?.[0] !== TYPE.ack || message.yiaddr === 0) continue;
      acks += 1;
      const seconds = message.options.get(51)!.readUInt32BE();
      witness.ack(formatIpv4(message.yiaddr), sketch.mac!, lab.clock.now() + seconds * 1e6, lab.clock.now());
      for (const [ip, holder] of witness.held) {
        // One lease a client: taking another address gives up the one before
        if (holder.mac === sketch.mac && ip !== formatIpv4(message.yiaddr)) witness.held.delete(ip);
      }
    }
  };
  for (const one of steps) {
    if (one.do === 'wait') lab.clock.advance(one.seconds);
    else if (one.do === 'crash') {
      lab.crash();
      lab.open();
      broken = false;
      lab.pipeline.expireAll();
    } else if (one.do === 'break') {
      if (!broken) lab.queue.append = () => assert.fail('disk full');
      broken = true;
    } else if (one.do === 'repair') {
      if (broken) Reflect.deleteProperty(lab.queue, 'append');
      broken = false;
    } else if (one.do === 'lease') {
      const sketch = { mac: mac(one.client), ...relayed(one.port) };
      const ack = lab.lease(sketch);
      if (ack) observe([ack], { ...sketch, type: 3 });
    } else {
      if (one.sketch.type === TYPE.release && !broken) release(witness, one.sketch);
      if (one.sketch.type === TYPE.decline && !broken)
        release(witness, { ...one.sketch, ciaddr: one.sketch.requested ?? '' });
      observe(lab.send(one.sketch), one.sketch);
    }
    check(lab);
    if (maxLeasesPerPort !== undefined) checkPorts(lab, maxLeasesPerPort);
  }
  const answered = lab.events().filter(({ kind }) => kind === 'granted' || kind === 'renewed');
  assert.equal(answered.length, acks, 'an ACK has its event and an event its ACK');
}

function release(witness: Witness, sketch: RequestSketch): void {
  if (sketch.ciaddr && witness.held.get(sketch.ciaddr)?.mac === sketch.mac) witness.held.delete(sketch.ciaddr);
}

/** What must hold after every step: memory and file agree, and free is exactly what nobody holds. */
function check(lab: Lab): void {
  const stored = new Map(Array.from(lab.store.packedLeases(), unpack).map((lease) => [lease.address, lease]));
  assert.deepEqual(new Map([...lab.leases.all()].map((lease) => [lease.address, lease])), stored);
  const network = lab.topology.networks[0]!;
  for (let s = 0; s < POOL; s++) {
    const ip = parseIpv4(address(s));
    const state = stored.get(ip)?.state;
    if (state === 'active' || state === 'declined')
      assert.equal(network.isFree(ip), false, `${address(s)} is ${state}`);
  }
  const events = lab.events();
  for (const [index, event] of events.entries()) assert.equal(event.sequence, index + 1);
}

/** The counts are those of the leases that are there, and none is above the limit. */
function checkPorts(lab: Lab, limit: number): void {
  const counted = new Map(PORTS.map((name) => [name, 0]));
  for (const lease of lab.leases.all()) {
    const name = lease.state === 'active' && lease.port ? portName(lease.port)! : undefined;
    if (name !== undefined) counted.set(name, counted.get(name)! + 1);
  }
  for (const [name, count] of counted) {
    assert.equal(lab.leases.leasesOnPort(name), count);
    assert.ok(count <= limit, `${count} leases on a port, ${limit} are allowed`);
  }
}

describe('The server under any sequence of requests, waits, crashes and disk failures', () => {
  it('gives no address to two clients at once, and its memory, file and events agree', function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
        run,
      ),
      { numRuns: 200 },
    );
  });
});
