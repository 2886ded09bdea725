import assert from 'node:assert/strict';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import { Trail } from '../../src/trail/store/trail.js';
import { verifyTrail } from '../../src/trail/verify/verify.js';
import { stopSharedDatabases } from '../lab/database.js';
import { BATCH, checkSightings, shipAll } from '../lab/shipped-trail.js';
import { type Database, databases as databasesHere, type FreshTrail, makeTrail } from '../lab/trails.js';
import { type Sharing, workload } from '../lab/workload.js';
import { type Figure, measure } from './measure.js';
import type { Row } from './result.js';
import type { Settings } from './settings.js';

const QUEUES = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

/** Number of events in each of two queues, and in the trail that is verified. */
interface Sizes {
  readonly shipped: number;
  readonly verified: number;
  readonly addresses: number;
}

/**
 * Measures each database on this machine: shipping in order, late, and by two shippers at once, with the sightings checked; then
 * verification and its memory.
 */
export async function databases({ quick, verify: wanted }: Settings): Promise<Row[]> {
  const verified = wanted ?? (quick ? 50_000 : 500_000);
  const sizes = { shipped: quick ? 10_000 : 100_000, verified, addresses: quick ? 500 : 2000 };
  const figures: Figure[] = [];
  for (const database of databasesHere()) {
    for (const sharing of ['roaming', 'rivals'] as const) {
      figures.push(...(await shipLate(database, sharing, sizes)));
      // SQLite has one writer at a time.
      if (database !== 'SQLite') figures.push(...(await shipTogether(database, sharing, sizes)));
    }
    figures.push(...(await verify(database, sizes)));
  }
  await stopSharedDatabases();
  return figures.flatMap(({ what, database, perSecond, earlyMiB, lateMiB }) => [
    { part: 'databases', what: `${what}, events/s`, subject: database, value: perSecond },
    { part: 'databases', what: `${what}, most MiB at the beginning`, subject: database, value: earlyMiB },
    { part: 'databases', what: `${what}, most MiB at the end`, subject: database, value: lateMiB },
  ]);
}

/** Two queues with interleaved events about the same addresses. */
function twoQueues(sharing: Sharing, { shipped, addresses }: Sizes): LedgerEvent[][] {
  return QUEUES.map((queue, i) => [
    ...workload({
      queue,
      server: `dhcp-${i}`,
      events: shipped,
      addresses,
      sharing,
      step: 2000,
      offset: i * 1000,
    }),
  ]);
}

async function withTrail<T>(database: Database, work: (trail: FreshTrail) => Promise<T>): Promise<T> {
  const trail = await makeTrail(database);
  try {
    return await work(trail);
  } finally {
    await trail.drop();
  }
}

/** One server's events in order, then those of a second server that was offline meanwhile. */
async function shipLate(database: Database, sharing: Sharing, sizes: Sizes): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const [first, second] = twoQueues(sharing, sizes) as [LedgerEvent[], LedgerEvent[]];
    const figures = [
      await measure(`ship in order, ${sharing}`, database, sizes.shipped, () => shipAll(url, first)),
      await measure(`ship late, ${sharing}`, database, sizes.shipped, () => shipAll(url, second)),
    ];
    await checkSightings(url, [...first, ...second]);
    return figures;
  });
}

async function shipTogether(database: Database, sharing: Sharing, sizes: Sizes): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const queues = twoQueues(sharing, sizes);
    const both = (): Promise<unknown> => Promise.all(queues.map((events) => shipAll(url, events)));
    const figure = await measure(`two shippers at once, ${sharing}`, database, 2 * sizes.shipped, both);
    await checkSightings(url, queues.flat());
    return [figure];
  });
}

/** Fills a trail with more events than fit in memory and verifies it. */
async function verify(database: Database, { verified }: Sizes): Promise<Figure[]> {
  return await withTrail(database, async ({ url }) => {
    const filled = await measure('fill', database, verified, () => fill(url, verified));
    const trail = await Trail.open(url);
    const checked = await measure('verify', database, verified, async () => {
      const { faults, events } = await verifyTrail(trail.knex, { trusted: [] });
      assert.deepEqual([faults.filter((fault) => fault.kind !== 'unsigned'), events], [[], verified]);
    });
    await trail.close();
    return [filled, checked];
  });
}

async function fill(url: string, verified: number): Promise<void> {
  const trail = await Trail.open(url);
  const [queue, server] = [QUEUES[0]!, 'dhcp-0'];
  const options = { queue, server, events: verified, addresses: 65_536, sharing: 'roaming', step: 2000 } as const;
  let events: LedgerEvent[] = [];
  for (const event of workload({ ...options, offset: 0 })) {
    events.push(event);
    if (events.length < BATCH && event.sequence < verified) continue;
    await trail.append({ queue, server, events });
    events = [];
  }
  await trail.close();
}
