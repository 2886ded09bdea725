import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import { workload } from '../../../rig/lab/workload.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import type { Trail } from '../../../src/trail/store/trail.js';
import { verifyTrail } from '../../../src/trail/verify/verify.js';
import { sized } from '../../support/size.js';

const EVENTS = sized(40_000, 1_000_000);
const QUEUE = '11111111-1111-4111-8111-111111111111';
const BATCH = 2000;
/** Queries between two looks at the memory. */
const STRIDE = 20;
/** Bytes: a twentieth of what the events of the small size take, and less than 100 for each of them. */
const SLACK = 3 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

async function fill(trail: Trail): Promise<void> {
  const options = {
    queue: QUEUE,
    server: 'dhcp-a',
    addresses: 200,
    sharing: 'roaming',
    step: 2000,
    offset: 0,
  } as const;
  let events: LedgerEvent[] = [];
  for (const event of workload({ ...options, events: EVENTS })) {
    events.push(event);
    if (events.length < BATCH && event.sequence < EVENTS) continue;
    await ship(trail, events);
    events = [];
  }
}

/** What is in use while the task runs, without garbage: bytes, in the order of time. */
async function memoryOf(trail: Trail, task: () => Promise<void>): Promise<number[]> {
  const samples: number[] = [];
  let queries = 0;
  const look = (): void => {
    if (++queries % STRIDE !== 0) return;
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    samples.push(heapUsed + arrayBuffers);
  };
  trail.knex.on('query-response', look);
  await task();
  trail.knex.off('query-response', look);
  return samples;
}

onEveryDatabase('The memory of a verification', (current) => {
  it(`does not grow with the number of events (${EVENTS})`, async function () {
    this.timeout(sized(120_000, 600_000));
    const { trail } = current();
    await fill(trail);
    const samples = await memoryOf(trail, async () => {
      const { events, faults } = await verifyTrail(trail.knex, { trusted: [] });
      assert.deepEqual([events, faults.filter((fault) => fault.kind !== 'unsigned')], [EVENTS, []]);
    });
    assert.ok(samples.length >= 6, `${samples.length} samples`);
    const third = Math.floor(samples.length / 3);
    const [early, late] = [Math.max(...samples.slice(0, third)), Math.min(...samples.slice(-third))];
    assert.ok(late - early < SLACK, `${samples.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(', ')} MiB`);
  });
});
