import assert from 'node:assert/strict';
import { Trail } from '../../src/trail/store/trail.js';
import { verifyTrail } from '../../src/trail/verify/verify.js';
import type { PrivateDatabase } from '../lab/database.js';
import { shipAll } from '../lab/shipped-trail.js';
import { type WorkloadOptions, workload } from '../lab/workload.js';
import { Loader } from './loader.js';

/** The tables that loader and shipper write, and their sort order. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  events: ['queue_uuid', 'sequence'],
  sightings: ['opened_queue', 'opened_sequence'],
  switches: ['switch_id'],
  ports: ['port_id'],
  queues: ['queue_uuid'],
  gaps: ['queue_uuid', 'sequence', 'kind'],
};

/**
 * Throws unless the loader, in two steps, writes exactly the rows that the shipper writes for the same workload, and its trail verifies.
 */
export async function checkLoader(database: PrivateDatabase, options: WorkloadOptions): Promise<void> {
  const [loaded, shipped] = [await emptyTrail(database, 'loaded'), await emptyTrail(database, 'shipped')];
  try {
    const loader = new Loader(loaded.trail, options);
    await loader.fill(Math.floor(options.events / 3));
    await loader.fill(options.events);
    await shipAll(shipped.url, [...workload(options)]);
    for (const [table, key] of Object.entries(TABLES)) {
      const rows = await Promise.all([loaded, shipped].map(({ trail }) => trail.knex(table).orderBy([...key])));
      assert.deepEqual(rows[0], rows[1], `table ${table} of the loader is not the shipper's`);
    }
    const { faults, events } = await verifyTrail(loaded.trail.knex, { trusted: [] });
    assert.deepEqual([faults.filter(({ kind }) => kind !== 'unsigned'), events], [[], options.events]);
  } finally {
    for (const { trail } of [loaded, shipped]) await trail.close();
    for (const name of ['loaded', 'shipped']) await database.query(`DROP DATABASE ${name}`);
  }
}

async function emptyTrail(database: PrivateDatabase, name: string): Promise<{ url: string; trail: Trail }> {
  await database.query(`CREATE DATABASE ${name}`);
  const url = database.url.replace('test_main', name);
  const trail = await Trail.open(url);
  await trail.migrate();
  return { url, trail };
}
