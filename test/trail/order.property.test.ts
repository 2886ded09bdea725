import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LedgerEvent } from '../../src/event/event.js';
import { rowToSighting, SIGHTING_COLUMNS, sightingToRow } from '../../src/trail/sighting-rows.js';
import { fold } from '../../src/trail/sightings.js';
import { Trail } from '../../src/trail/trail.js';
import { freshDatabase } from '../support/database.js';
import { requires } from '../support/requirements.js';
import { campus, shipping } from './campus.js';

type Shipping = typeof shipping extends fc.Arbitrary<infer T> ? T : never;

/** Ships every event of the queues in the order that the plan says, some of them again, the rest at the end. */
async function shipAll(trail: Trail, queues: readonly LedgerEvent[][], plan: Shipping): Promise<void> {
  const shipped = queues.map(() => 0);
  const rest = queues.map((events, queue) => ({ queue, size: events.length, again: 0 }));
  for (const { queue, size, again } of [...plan, ...rest]) {
    const events = queues[queue];
    if (!events || shipped[queue]! >= events.length) continue;
    const from = Math.max(0, shipped[queue]! - again);
    const batch = events.slice(from, shipped[queue]! + size);
    await trail.append({ queue: batch[0]!.queue, server: batch[0]!.server, events: batch });
    shipped[queue] = from + batch.length;
  }
}

/** Table `sightings` as its rows are, and as the rules say it must be. */
async function compare(trail: Trail, queues: readonly LedgerEvent[][]): Promise<void> {
  const rows = await trail.knex('sightings').select(SIGHTING_COLUMNS);
  const stored = rows.map((row) => SIGHTING_COLUMNS.map((column) => row[column]));
  const byKey = (a: unknown[], b: unknown[]): number =>
    Buffer.compare(a[0] as Buffer, b[0] as Buffer) || (a[1] as number) - (b[1] as number);
  assert.deepEqual(stored.sort(byKey), fold(queues.flat()).map(sightingToRow).sort(byKey));
  assert.deepEqual(
    rows.map((row) => rowToSighting(row)).map(sightingToRow),
    rows.map((row) => SIGHTING_COLUMNS.map((c) => row[c])),
  );
}

async function clear(trail: Trail): Promise<void> {
  for (const table of ['events', 'sightings', 'queues', 'gaps', 'ports', 'switches']) await trail.knex(table).delete();
}

async function holds(trail: Trail, runs: number): Promise<void> {
  const property = fc.asyncProperty(campus, shipping, async (queues, plan) => {
    await clear(trail);
    await shipAll(trail, queues, plan);
    await compare(trail, queues);
  });
  await fc.assert(property, { numRuns: runs });
}

describe('P3: sightings do not depend on how the events arrive', () => {
  describe('on SQLite', () => {
    let folder: string;
    let trail: Trail;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'portledger-order-'));
      trail = await Trail.open(`sqlite:${folder}/audit.db`);
      await trail.migrate();
      await trail.knex.raw('PRAGMA synchronous = OFF');
    });

    after(async () => {
      await trail.close();
      rmSync(folder, { recursive: true });
    });

    it('equal the fold of all events, for any split, interleaving and repetition', async function () {
      this.timeout(120_000);
      await holds(trail, 300);
    });
  });

  describe('on MariaDB', () => {
    let database: Awaited<ReturnType<typeof freshDatabase>>;
    let trail: Trail;

    before(async function () {
      this.timeout(60_000);
      requires(this, 'mariadb');
      database = await freshDatabase();
      trail = await Trail.open(database.url);
      await trail.migrate();
    });

    after(async () => {
      await trail?.close();
      await database?.drop();
    });

    it('equal the fold of all events, for any split, interleaving and repetition', async function () {
      this.timeout(120_000);
      await holds(trail, 40);
    });
  });
});
