import assert from 'node:assert/strict';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import { Progress } from '../../src/trail/ship/progress.js';
import { Shipper } from '../../src/trail/ship/shipper.js';
import { fold } from '../../src/trail/sightings/rules.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../src/trail/store/sighting-rows.js';
import { Trail } from '../../src/trail/store/trail.js';
import { MemoryQueue } from './workload.js';

/** The default of `audit.batch-size`. */
export const BATCH = 20_000;

/** Ships all events with one shipper. Throws if anything went wrong, even for a moment. */
export async function shipAll(url: string, events: readonly LedgerEvent[]): Promise<void> {
  const troubles: string[] = [];
  const log = {
    log: (id: string) => void (/away|quarantined/.test(id) && troubles.push(id)),
    limited: (id: string, fields?: Readonly<Record<string, unknown>>) => void troubles.push(`${id} ${fields?.error}`),
    isEnabled: () => false,
  };
  const queue = new MemoryQueue(events);
  const shipper = new Shipper({
    openQueue: () => queue,
    queueFile: 'memory',
    openTrail: () => Trail.open(url),
    batchSize: BATCH,
    once: true,
    log,
    progress: new Progress(log, { write: () => true }),
  });
  await shipper.run();
  assert.deepEqual(troubles, []);
}

/** Throws unless table `sightings` has exactly the rows that the rules derive from these events. */
export async function checkSightings(url: string, events: readonly LedgerEvent[]): Promise<void> {
  const trail = await Trail.open(url);
  try {
    const order = ['first_seen', 'opened_queue', 'opened_sequence'];
    const rows = await trail.knex('sightings').select(SIGHTING_COLUMNS).orderBy(order);
    const expected = fold(events).map(sightingToRow);
    assert.equal(rows.length, expected.length);
    rows.forEach((row, i) => {
      const values = SIGHTING_COLUMNS.map((column) => row[column]);
      assert.deepEqual(values, expected[i]);
    });
  } finally {
    await trail.close();
  }
}
