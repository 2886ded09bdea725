import assert from 'node:assert/strict';
import type { Campus } from '../../rig/campus.js';
import { check, type Run, verdictText } from '../../rig/checker/check.js';
import { macOfClient } from '../../rig/checker/journal.js';
import { TYPE } from '../../rig/checker/packets.js';
import { troubleClient } from '../../rig/clients.js';
import { collect } from '../../rig/evidence.js';
import { lastWords } from '../../rig/last-words.js';
import { hasDied } from '../../rig/run.js';
import { readTopology } from '../../rig/topology.js';
import { recordedRun } from './recorded-run.js';

const OPTIONS = { minutes: 1, seed: 1, clients: 6, ports: 3, switches: 2, interval: 15, faults: true };

/** Each service of a campus, all of them running. */
function allRunning(): Record<string, string> {
  return Object.fromEntries(readTopology(OPTIONS, '198.18.7').services.map(({ name }) => [name, 'running']));
}

/** A campus whose services are in these states: a command in one that does not run fails, and any other prints nothing. */
function campusOf(services: Record<string, string>, commands: string[]): Campus {
  const enter = async (service: string) => {
    if (services[service] !== 'running') throw new Error(`${service} is not running`);
    commands.push(service);
  };
  return {
    states: async () => ({ ...services }),
    pause: enter,
    run: (service: string) => enter(service).then(() => ''),
    exec: (service: string) => enter(service).then(() => ({ exitCode: 0, output: '{"queue":{"unshipped":0}}' })),
  } as unknown as Campus;
}

describe('A campus that has died', () => {
  let run: Run;

  before(() => {
    run = { ...recordedRun(), services: allRunning() };
  });

  it('is none in which all services run, servers hear and clients have leases', () => {
    assert.deepEqual(check(run).contradictions, []);
    assert.ok(check(run).isExact);
  });

  it('is not exact though nothing is expected and nothing found', () => {
    const nothing = { packets: [], passages: [], faults: [], rows: [], gaps: [], readAt: run.readAt };
    const { stays, contradictions, isExact } = check({ ...nothing, services: allRunning() });
    assert.deepEqual([stays.expected, stays.found, isExact], [0, 0, false]);
    assert.equal(contradictions.length, 2 + OPTIONS.clients, contradictions.join('\n'));
    assert.ok(!check(nothing).isExact, 'a record without the states of services');
  });

  it('is told by each service that does not run, in a line of its own', () => {
    for (const service of Object.keys(allRunning())) {
      const verdict = check({ ...run, services: { ...allRunning(), [service]: 'exited' } });
      assert.ok(!verdict.isExact, service);
      assert.deepEqual(verdict.contradictions, [`${service} is exited at the end of the run`]);
      assert.match(
        verdictText(verdict),
        new RegExp(`^contradiction: ${service} is exited at the end of the run$`, 'm'),
      );
    }
  });

  it('is told by a client that is there and was given no lease, asked it or not', () => {
    const verdict = check({ ...run, services: { ...allRunning(), 'client-7': 'running' } });
    assert.deepEqual(verdict.contradictions, ['client-7 (02:00:00:00:00:07) was given no lease']);
    const mac = macOfClient(2);
    const packets = run.packets.filter((packet) => packet.mac !== mac || packet.type !== TYPE.ack);
    assert.ok(check({ ...run, packets }).contradictions.includes(`client-2 (${mac}) was given no lease`));
    const { services: _, ...older } = { ...run, packets };
    assert.ok(check(older).contradictions.includes(`client-2 (${mac}) was given no lease`));
  });

  it('names the services whose logs may tell why, each once, and their last words', () => {
    assert.deepEqual(check(run).lifeless, []);
    const packets = run.packets.filter(({ mac }) => mac !== macOfClient(2));
    const services = { ...allRunning(), gateway: 'exited', 'client-2': 'exited', 'client-7': 'running' };
    assert.deepEqual(check({ ...run, packets, services }).lifeless, ['gateway', 'client-2', 'client-7']);
    const log = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('\n');
    assert.match(lastWords('client-2', log), /^client-2 logged last:\n {2}line 12\n( {2}line \d+\n){6} {2}line 19$/);
    assert.equal(lastWords('client-2', '\n'), 'client-2 logged nothing');
  });

  it('is told by a tap that heard nothing, and by no server that answered nobody', () => {
    const deaf = run.packets.filter(({ server }) => server !== 'dhcp-b');
    assert.ok(check({ ...run, packets: deaf }).contradictions.includes('the tap of dhcp-b saw no packet'));
    const asked = run.packets.filter(({ server, type }) => server !== 'dhcp-b' || type === TYPE.discover);
    const { contradictions } = check({ ...run, packets: asked });
    assert.deepEqual(
      contradictions.filter((line) => line.includes('tap')),
      [],
    );
  });

  it('is broken no further, and a client that has died is asked nothing', async () => {
    const services = allRunning();
    const said: string[] = [];
    const commands: string[] = [];
    const say = (line: string) => void said.push(line);
    assert.equal(await hasDied(campusOf(services, commands), say), false);
    assert.equal(await troubleClient(campusOf(services, commands), 1, () => 0), 'client-1: release');
    Object.assign(services, { 'serve-a': 'exited', 'client-1': 'exited' });
    assert.ok(await hasDied(campusOf(services, commands), say));
    assert.deepEqual(said, ['serve-a is exited, client-1 is exited: no more faults']);
    assert.equal(await troubleClient(campusOf(services, commands), 1, () => 0), 'client-1: dead');
    assert.deepEqual(commands, ['client-1']);
  });

  it('is collected as far as it runs, before the gateway rests', async () => {
    const services: Record<string, string> = allRunning();
    for (const service of ['serve-b', 'ship-a', 'logger', 'host-b', 'permuter']) services[service] = 'exited';
    const commands: string[] = [];
    const collected = await collect(campusOf(services, commands), []);
    assert.deepEqual(collected.services, services);
    assert.deepEqual(commands, ['gateway', 'ship-b', 'host-a']);
    const { contradictions } = check(collected);
    assert.equal(contradictions.filter((line) => line.includes('is exited at the end')).length, 5);
  });
});
