import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { FAULT_KINDS, faultPlans } from '../../rig/faults.js';
import { Gate } from '../../rig/gate.js';
import { growing, growthText, type Sample, slope } from '../../rig/monitor.js';
import { randomFrom } from '../../rig/roles/random.js';
import { isGone } from '../../rig/run.js';
import { readTopology, startOrder } from '../../rig/topology.js';

const OPTIONS = { minutes: 1, seed: 1, clients: 6, ports: 3, switches: 2, interval: 15, faults: true };

/** A run with a sample each minute; every process has the memory that `sizeAt` says. */
function samplesOf(minutes: number, sizeAt: (minute: number) => number): Sample[] {
  return Array.from({ length: minutes + 1 }, (_, minute) => {
    const size = sizeAt(minute);
    const memory = { 'serve-a': size, 'serve-b': 60, 'ship-a': 60, 'ship-b': 60, logger: 100 };
    return { at: minute * 60, memory, leases: { a: 6, b: 6 }, queued: { a: 0, b: 0 } };
  });
}

describe('The campus of the rig', () => {
  it('is that of compose.yaml, with as many clients and switches as wanted', () => {
    const names = (options: Partial<typeof OPTIONS>) =>
      readTopology({ ...OPTIONS, ...options }, '198.18.7').services.map(({ name }) => name);
    const roles = ['logger', 'host-a', 'serve-a', 'ship-a', 'host-b', 'serve-b', 'ship-b', 'gateway', 'permuter'];
    const clients = [1, 2, 3, 4, 5, 6].map((number) => `client-${number}`);
    assert.deepEqual(names({}).sort(), [...roles, ...clients, 'switch-1', 'switch-2'].sort());
    assert.deepEqual(
      names({ clients: 1, switches: 3 }).filter((name) => /client|switch/.test(name)),
      ['switch-1', 'switch-2', 'switch-3', 'client-1'],
    );
  });

  it('has its addresses where it is told, and starts each service after those that it needs', () => {
    const { services, networks } = readTopology(OPTIONS, '198.18.7');
    assert.equal(networks['srv-b']!.subnet, '198.18.7.32/27');
    const host = services.find(({ name }) => name === 'host-a')!;
    assert.equal(host.networks['srv-a'], '198.18.7.2');
    assert.equal(host.environment.RIG_ADDRESS, '198.18.7.2');
    const order = startOrder(services)
      .flat()
      .map(({ name }) => name);
    for (const { name, depends_on } of services) {
      for (const needed of Object.keys(depends_on))
        assert.ok(order.indexOf(needed) < order.indexOf(name), `${name} after ${needed}`);
    }
  });

  it('breaks everything in turn, in the order of the seed, and sets a clock right that it set forward', () => {
    const plans = faultPlans(randomFrom(3));
    const again = faultPlans(randomFrom(3));
    const clocks = { a: 0, b: 0 };
    for (let round = 0; round < 10; round++) {
      const kinds = FAULT_KINDS.map(() => {
        const plan = plans.next().value;
        assert.deepEqual(plan, again.next().value);
        if (plan.kind === 'clock-stepped') clocks[plan.host] += plan.seconds;
        return plan.kind;
      });
      assert.deepEqual(kinds.sort(), [...FAULT_KINDS].sort());
      assert.ok(clocks.a >= 0 && clocks.a <= 10 && clocks.b >= 0 && clocks.b <= 10);
    }
  });

  it('pauses no container in which a command runs, and begins none in one that is paused', async () => {
    const gate = new Gate();
    const ends: string[] = [];
    const running = gate.pass(async () => {
      await setTimeout(20);
      ends.push('command');
    });
    const shut = gate.shut().then(() => ends.push('shut'));
    await assert.rejects(
      gate.pass(() => Promise.resolve()),
      /paused/,
    );
    await Promise.all([running, shut]);
    assert.deepEqual(ends, ['command', 'shut']);
    gate.open();
    assert.equal(await gate.pass(() => Promise.resolve(1)), 1);
  });

  it('says what is left of it where it cannot be removed, and loses nothing else by that', async () => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    assert.ok(await isGone({ stop: () => Promise.resolve() }, say));
    assert.deepEqual(said, []);
    const stop = () => Promise.reject(new Error('network x has active endpoints'));
    assert.equal(await isGone({ stop }, say), false);
    assert.match(
      said.join('\n'),
      /^the campus was not removed completely .*rig:reset.*: network x has active endpoints$/,
    );
  });

  it('finds the slope of memory that grows, whatever its peaks, and none where it stays', () => {
    assert.equal(
      slope([
        [0, 1],
        [1, 3],
        [2, 5],
        [3, 90],
        [4, 9],
      ]),
      2,
    );
    const peaks = (minute: number) => (minute % 7 === 0 ? 90 : 60 + (minute % 3));
    assert.deepEqual(growing(samplesOf(60, peaks)), []);
    assert.deepEqual(growing(samplesOf(60, (minute) => Math.min(60 + minute, 70))), []);
    const [grown] = growing(samplesOf(60, (minute) => peaks(minute) + minute));
    assert.equal(grown?.service, 'serve-a');
    assert.ok(Math.abs(grown.perHour! - 60) < 6, String(grown.perHour));
    assert.deepEqual(growing(samplesOf(10, (minute) => 60 + 5 * minute)), [], 'too short to tell');
  });

  it('does not take memory that was not read for memory that does not grow', () => {
    const samples = samplesOf(60, () => 60).map((sample) => {
      const { 'ship-b': _, ...memory } = sample.memory;
      return { ...sample, memory };
    });
    const grown = growing(samples);
    assert.deepEqual(grown, [{ service: 'ship-b', perHour: undefined }]);
    assert.deepEqual(grown.map(growthText), ['memory: that of ship-b was not read']);
  });
});
