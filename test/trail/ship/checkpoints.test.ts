import assert from 'node:assert/strict';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { until } from '../../../rig/lab/until.js';
import { introduceFirst, introduceNext } from '../../../src/ledger/proof/introduction.js';
import { generateSigningKey } from '../../../src/ledger/proof/key.js';
import { Progress } from '../../../src/trail/ship/progress.js';
import { Shipper } from '../../../src/trail/ship/shipper.js';
import { readIntroductions } from '../../../src/trail/store/proof-rows.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { NOON } from '../store/campus.js';
import { checkpointOf, fullEvents } from '../verify/signed.js';
import { FakeQueue } from './fake-queue.js';
import { MemoryLog } from './memory-log.js';

const EVENTS = fullEvents(30);
const key = generateSigningKey();

function shipperOf(url: string, queue: FakeQueue, once = true): Shipper {
  const log = new MemoryLog();
  return new Shipper({
    openQueue: () => queue,
    queueFile: 'the.queue',
    openTrail: () => Trail.open(url),
    batchSize: 10,
    once,
    log,
    progress: new Progress(log, { write: () => true }),
    pollMillis: 5,
  });
}

function queueWith(events: typeof EVENTS, signed: readonly number[]): FakeQueue {
  const queue = new FakeQueue(events);
  queue.signed.push(...signed.map((sequence) => checkpointOf(EVENTS[sequence - 1]!, key)));
  queue.introduced.push(introduceFirst(key.public, 'dhcp-a', NOON));
  return queue;
}

onEveryDatabase('The shipper of checkpoints', (current) => {
  const shipped = (): Promise<number[]> => current().trail.knex('checkpoints').orderBy('sequence').pluck('sequence');

  it('brings each with the batch that has its event, never before it', async () => {
    const queue = queueWith(EVENTS, [5, 10, 15, 30]);
    const seen: number[][] = [];
    const mark = queue.markShipped.bind(queue);
    queue.markShipped = (sequence, hash, checkpoint) => {
      seen.push([sequence, checkpoint]);
      mark(sequence, hash, checkpoint);
    };
    await shipperOf(current().url, queue).run();
    assert.deepEqual(seen, [
      [10, 2],
      [20, 3],
      [30, 4],
    ]);
    assert.deepEqual(await shipped(), [5, 10, 15, 30]);
  });

  it('brings one that was signed after its event had been shipped, though no event follows', async () => {
    const queue = queueWith(EVENTS, []);
    const shipper = shipperOf(current().url, queue, false);
    const running = shipper.run();
    await until('all events shipped', () => queue.shipped === 30);
    queue.signed.push(checkpointOf(EVENTS[29]!, key));
    await until('the checkpoint shipped', () => queue.checkpoint === 1);
    shipper.stop();
    assert.equal(await running, 30);
    assert.deepEqual(await shipped(), [30]);
  });

  it('brings it once, whatever crashes', async () => {
    const queue = queueWith(EVENTS, [10, 30]);
    queue.dieBeforeNote = true;
    await assert.rejects(shipperOf(current().url, queue).run(), /killed/);
    assert.deepEqual(await shipped(), [10]);
    await shipperOf(current().url, queue).run();
    assert.deepEqual(await shipped(), [10, 30]);
  });

  it('does not bring one of an event that the trail does not have', async () => {
    const queue = queueWith(EVENTS.slice(0, 20), [10, 30]);
    await shipperOf(current().url, queue).run();
    assert.deepEqual(await shipped(), [10]);
  });

  it('brings the certificate of a key that the trail knew without one, and never takes it away', async () => {
    const next = generateSigningKey();
    const { knex } = current().trail;
    const write = (keys: Parameters<typeof introduceFirst>[0][], certified: boolean) =>
      current().trail.append({
        queue: EVENTS[0]!.queue,
        server: 'dhcp-a',
        events: [],
        proof: {
          checkpoints: [],
          keys: keys.map((one) =>
            certified ? introduceNext(one, 'dhcp-a', NOON, key) : introduceFirst(one, 'dhcp-a', NOON),
          ),
        },
      });
    await write([next.public], false);
    assert.equal((await readIntroductions(knex))[0]!.by, null);
    await write([next.public], true);
    assert.equal((await readIntroductions(knex))[0]!.by, key.public.id);
    await write([next.public], false);
    assert.equal((await readIntroductions(knex))[0]!.by, key.public.id);
  });
});
