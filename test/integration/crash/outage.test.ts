import assert from 'node:assert/strict';
import type { PerfdhcpResult } from '../../../rig/lab/perfdhcp.js';
import type { Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import type { Micros } from '../../../src/base/time.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { checkChain } from '../../../src/trail/store/chain.js';
import { type LoggedPacket, requestsOf, unansweredIn, waitsOf } from '../../support/packet-log.js';
import { sized } from '../../support/size.js';
import { eventsIn, isAcknowledged, withTrail } from './evidence.js';
import { Plant } from './plant.js';

const SECONDS = sized(15, 60);
const KILLED_SECONDS = 3;
/** The shipper waits up to 30 s between two attempts. */
const BACK_MS = 45_000;

describe(`MariaDB stopped for ${SECONDS} s, and once killed, under load`, function () {
  this.timeout(120_000 + 1000 * (SECONDS + KILLED_SECONDS));
  let plant: Plant;
  let shipper: Program;
  let load: PerfdhcpResult;
  let packets: LoggedPacket[];
  let events: LedgerEvent[];
  let stoppedAt: Micros;
  let startedAt: Micros;

  before(async function () {
    requires(this, 'netns', 'perfdhcp', 'tcpdump', 'mariadb');
    plant = await Plant.open();
    const server = await plant.startReady('serve');
    shipper = await plant.startReady('ship');
    const run = plant.startLoad({ rate: 150, clients: 2000 });
    await pause(4);
    stoppedAt = Date.now() * 1000;
    await plant.database.stop();
    await pause(SECONDS);
    startedAt = Date.now() * 1000;
    await plant.database.start();
    await shipped();
    await plant.database.kill9();
    await pause(KILLED_SECONDS);
    await plant.database.start();
    load = await run.stop();
    await server.stop();
    packets = await plant.packets.stop();
    await shipped();
    events = await eventsIn(plant.database.url);
  });

  after(async () => {
    await plant?.remove();
  });

  /** The running shipper has caught up by itself with what was in the queue when this was called. */
  async function shipped(): Promise<void> {
    const status = await plant.installation.run('here', 'status', '-o', 'json');
    const { lastSequence, uuid } = JSON.parse(status.stdout).queue;
    await until(
      'trail that has caught up',
      async () => {
        const position = await withTrail(plant.database.url, (trail) => trail.position(uuid));
        return (position?.sequence ?? 0) >= lastSequence;
      },
      { withinMs: BACK_MS, detail: () => shipper.output },
    );
  }

  it('costs no client its answer', () => {
    assert.deepEqual(unansweredIn(packets), []);
    assert.ok(load.requestAck.received > 100 * SECONDS, load.output);
  });

  it('is not noticed by the server: it answers as fast as before', () => {
    const [before, during] = [waitsOf(packets, 0, stoppedAt), waitsOf(packets, stoppedAt, startedAt)].map(median);
    console.log(`      median wait for an ACK: ${before!.toFixed(2)} ms before, ${during!.toFixed(2)} ms during`);
    assert.ok(during! < 3 * before! + 10, `${during} ms instead of ${before} ms`);
  });

  it('is told by the shipper when it begins and when it is over', () => {
    const ids = shipper.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    assert.ok(ids.filter((id) => id === 'ship-trail-away').length >= 1, shipper.stderr);
    assert.equal(ids.filter((id) => id === 'ship-trail-back').length, 2, shipper.stderr);
  });

  it('leaves a trail that is complete and exact', () => {
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, i) => i + 1),
    );
    checkChain(events[0]!.queue, events);
    assert.deepEqual([events[0]!.kind, events.at(-1)!.kind], ['server-started', 'server-stopped']);
    const acknowledged = [...requestsOf(packets).values()].flatMap(({ ack }) => ack ?? []);
    const told = acknowledged.map(({ xid, yiaddr }) => `${xid} ${yiaddr}`);
    const recorded = events.filter(isAcknowledged).map(({ xid, address }) => `${xid} ${address}`);
    assert.deepEqual(recorded.sort(), told.sort());
    assert.equal(events.length, recorded.length + 2);
  });
});

function median(waits: readonly (number | undefined)[]): number {
  assert.ok(waits.length > 100, `only ${waits.length} requests`);
  // No answer is the longest wait
  return waits.map((wait) => wait ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)[Math.floor(waits.length / 2)]!;
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
