import assert from 'node:assert/strict';
import type { Ending, Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { type LoggedPacket, requestsOf } from '../../support/packet-log.js';
import { isAcknowledged } from './evidence.js';
import { Plant } from './plant.js';

describe('SIGTERM under load', function () {
  this.timeout(60_000);
  let plant: Plant;
  let server: Program;
  let ending: Ending;
  let packets: LoggedPacket[];
  let events: LedgerEvent[];

  before(async function () {
    requires(this, 'netns', 'perfdhcp', 'tcpdump', 'mariadb');
    plant = await Plant.open();
    server = await plant.startReady('serve');
    const run = plant.startLoad({ rate: 500, clients: 3000 });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    ending = await server.stop('SIGTERM');
    await run.stop();
    packets = await plant.packets.stop();
    const reader = QueueReader.open(plant.queueFile);
    events = reader.read(0, 1_000_000);
    reader.close();
  });

  after(async () => {
    await plant?.remove();
  });

  it('ends with exit code 0', () => {
    assert.deepEqual(ending, { code: 0, signal: null }, server.output);
  });

  it('answers what was taken in: the events are exactly the ACKs', () => {
    const told = [...requestsOf(packets).values()].flatMap(({ ack }) => (ack ? [`${ack.xid} ${ack.yiaddr}`] : []));
    const recorded = events.filter(isAcknowledged).map(({ xid, address }) => `${xid} ${address}`);
    assert.ok(told.length > 200, `only ${told.length} ACKs`);
    assert.deepEqual(recorded.sort(), told.sort());
  });

  it('answers every datagram that it counts, but for those that it counts as too late', () => {
    const last = JSON.parse(server.stderr.trimEnd().split('\n').at(-1)!);
    assert.equal(last.id, 'server-stopped');
    const { traffic, drops } = last.fields;
    // perfdhcp's clients are all at one port, and a disk that stands still for two seconds lets more of them wait than may
    const { 'backlog-full': late = 0, ...others } = drops;
    assert.equal(traffic.received, traffic['offers-sent'] + traffic['acks-sent'] + late, JSON.stringify(last));
    assert.deepEqual(others, {});
    assert.ok(late * 2 < traffic.received, `${late} of ${traffic.received} came too late`);
  });

  it('records the stop as the last event, so that the next start has no unclean end to tell of', async () => {
    assert.equal(events.at(-1)!.kind, 'server-stopped');
    assert.equal(events.filter(({ kind }) => kind === 'server-stopped').length, 1);
    const next = await plant.startReady('serve');
    await next.stop();
    assert.doesNotMatch(next.stderr, /unclean-end-found/);
  });
});
