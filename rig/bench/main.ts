// npm run bench [-- --quick] [--verify EVENTS]: measures the trail, prints a table and writes dist/bench.json.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LedgerEvent } from '../../src/event/event.js';
import { Trail } from '../../src/trail/trail.js';
import { verifyTrail } from '../../src/verify/verify.js';
import { stopSharedDatabases } from '../../test/support/database.js';
import type { Database } from '../../test/trail/trails.js';
import { type Figure, measure } from './measure.js';
import { BATCH, type BenchTrail, checkSightings, databases, makeTrail, shipAll } from './trails.js';
import { type Sharing, workload } from './workload.js';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, verify: { type: 'string' } } });
const QUICK = options.quick ?? false;
/** Events of each server's queue where two ship at once, and of the trail that is verified. */
const SHIPPED = QUICK ? 10_000 : 100_000;
const VERIFIED = Number(options.verify ?? (QUICK ? 50_000 : 500_000));
const ADDRESSES = QUICK ? 500 : 2000;
assert.ok(Number.isInteger(VERIFIED) && VERIFIED > 0, '--verify wants a number of events');
const RESULT = fileURLToPath(new URL('../../dist/bench.json', import.meta.url));

const QUEUES = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

/** Two queues whose events about the same addresses lie between one another. */
function twoQueues(sharing: Sharing): LedgerEvent[][] {
  return QUEUES.map((queue, i) => [
    ...workload({
      queue,
      server: `dhcp-${i}`,
      events: SHIPPED,
      addresses: ADDRESSES,
      sharing,
      step: 2000,
      offset: i * 1000,
    }),
  ]);
}

async function withTrail<T>(database: Database, work: (trail: BenchTrail) => Promise<T>): Promise<T> {
  const trail = await makeTrail(database);
  try {
    return await work(trail);
  } finally {
    await trail.drop();
  }
}

/** One server's events in order, then those of another that was away meanwhile. */
async function shipLate(database: Database, sharing: Sharing): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const [first, second] = twoQueues(sharing) as [LedgerEvent[], LedgerEvent[]];
    const figures = [
      await measure(`ship in order, ${sharing}`, database, SHIPPED, () => shipAll(url, first)),
      await measure(`ship late, ${sharing}`, database, SHIPPED, () => shipAll(url, second)),
    ];
    await checkSightings(url, [...first, ...second]);
    return figures;
  });
}

async function shipTogether(database: Database, sharing: Sharing): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const queues = twoQueues(sharing);
    const both = (): Promise<unknown> => Promise.all(queues.map((events) => shipAll(url, events)));
    const figure = await measure(`two shippers at once, ${sharing}`, database, 2 * SHIPPED, both);
    await checkSightings(url, queues.flat());
    return [figure];
  });
}

/** Fills a trail with more events than fit in memory, and verifies it. */
async function verify(database: Database): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const filled = await measure('fill', database, VERIFIED, () => fill(url));
    const trail = await Trail.open(url);
    const checked = await measure('verify', database, VERIFIED, async () => {
      const { faults, events } = await verifyTrail(trail.knex, { trusted: [] });
      assert.deepEqual([faults.filter((fault) => fault.kind !== 'unsigned'), events], [[], VERIFIED]);
    });
    await trail.close();
    return [filled, checked];
  });
}

async function fill(url: string): Promise<void> {
  const trail = await Trail.open(url);
  const [queue, server] = [QUEUES[0]!, 'dhcp-0'];
  const options = { queue, server, events: VERIFIED, addresses: 65_536, sharing: 'roaming', step: 2000 } as const;
  let events: LedgerEvent[] = [];
  for (const event of workload({ ...options, offset: 0 })) {
    events.push(event);
    if (events.length < BATCH && event.sequence < VERIFIED) continue;
    await trail.append({ queue, server, events });
    events = [];
  }
  await trail.close();
}

const figures: Figure[] = [];
for (const database of databases()) {
  for (const sharing of ['roaming', 'rivals'] as const) {
    figures.push(...(await shipLate(database, sharing)));
    // SQLite has one writer at a time.
    if (database !== 'SQLite') figures.push(...(await shipTogether(database, sharing)));
  }
  figures.push(...(await verify(database)));
}
await stopSharedDatabases();
console.table(figures);
mkdirSync(dirname(RESULT), { recursive: true });
writeFileSync(RESULT, `${JSON.stringify({ node: process.version, cpus: cpus().length, figures }, null, 2)}\n`);
console.log(`Written to ${RESULT}`);
