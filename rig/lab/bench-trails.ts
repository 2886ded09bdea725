import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import { Progress } from '../../src/trail/ship/progress.js';
import { Shipper } from '../../src/trail/ship/shipper.js';
import { fold } from '../../src/trail/sightings/rules.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../src/trail/store/sighting-rows.js';
import { Trail } from '../../src/trail/store/trail.js';
import { freshDatabase, serversHere } from './database.js';
import type { Database } from './trails.js';
import { MemoryQueue } from './workload.js';

/** As `audit.batch-size` is by default. */
export const BATCH = 20_000;

/** A database with an empty trail in it. */
export interface BenchTrail {
  readonly database: Database;
  readonly url: string;
  drop(): Promise<void>;
}

/** The databases that are here. */
export function databases(): Database[] {
  return ['SQLite', ...serversHere()];
}

/** Makes one. */
export async function makeTrail(database: Database): Promise<BenchTrail> {
  const place = database === 'SQLite' ? sqliteFile() : await freshDatabase(database);
  const trail = await Trail.open(place.url);
  await trail.migrate();
  await trail.close();
  return { database, ...place };
}

/** Ships a queue with a shipper of its own, to the end. Throws if anything stood in the way, even for a moment. */
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

/** Throws unless table `sightings` is what the rules make of all these events. */
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

function sqliteFile(): { url: string; drop(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-bench-'));
  return { url: `sqlite:${folder}/audit.db`, drop: async () => rmSync(folder, { recursive: true }) };
}
