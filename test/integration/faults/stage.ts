import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { Progress } from '../../../src/trail/ship/progress.js';
import { Shipper, type ShipperOptions } from '../../../src/trail/ship/shipper.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../../src/trail/store/sighting-rows.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { MemoryLog } from '../../trail/ship/memory-log.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

/** Makes a queue file with so many events about a few addresses, which change hands now and then. */
export function fillQueue(folder: string, count: number): string {
  const file = join(folder, 'test.queue');
  const queue = Queue.open(file, 'dhcp-a', NOON);
  for (let i = 0; i < count; i++) {
    const at = NOON + i * SECOND;
    const fields = { address: `10.0.0.${i % 7}`, circuitId: Buffer.from(`p${i % 13}`), leaseEnd: at + 60 * SECOND };
    queue.append([draft(i % 11 === 0 ? 'released' : 'renewed', fields)], at);
  }
  queue.close();
  return file;
}

/** A shipper of a queue file, in this process. */
export function shipperOf(
  file: string,
  url: string,
  options: Partial<ShipperOptions> = {},
): { shipper: Shipper; log: MemoryLog } {
  const log = new MemoryLog();
  const shipper = new Shipper({
    openQueue: () => QueueReader.open(file),
    queueFile: file,
    openTrail: () => Trail.open(url, { idleSeconds: 2 }),
    batchSize: 10,
    once: true,
    log,
    progress: new Progress(log, { write: () => true }),
    pollMillis: 5,
    ...options,
  });
  return { shipper, log };
}

/** Every event of the queue is in the trail, once; the sightings are those of its events; the queue's note says so. */
export async function assertShipped(file: string, url: string): Promise<void> {
  const reader = QueueReader.open(file);
  const events = reader.read(0, 1_000_000);
  const trail = await Trail.open(url);
  try {
    const stored = await trail.knex('events').select('sequence', 'hash').orderBy('sequence');
    assert.deepEqual(
      stored.map((row) => [row.sequence, row.hash]),
      events.map((event) => [event.sequence, event.hash]),
    );
    const rows = await trail
      .knex('sightings')
      .select(SIGHTING_COLUMNS)
      .orderBy(['first_seen', 'opened_queue', 'opened_sequence']);
    assert.deepEqual(
      rows.map((row) => SIGHTING_COLUMNS.map((column) => row[column])),
      fold(events).map(sightingToRow),
    );
    assert.equal((await trail.position(reader.uuid))?.sequence, events.length);
    assert.equal(reader.position().shipped, events.length);
  } finally {
    reader.close();
    await trail.close();
  }
}
