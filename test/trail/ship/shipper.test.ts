import assert from 'node:assert/strict';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { type PrivateDatabase, startDatabase } from '../../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import { until } from '../../../rig/lab/until.js';
import { UnreachableError } from '../../../src/base/errors.js';
import { Progress } from '../../../src/trail/ship/progress.js';
import { Shipper, type ShipperOptions } from '../../../src/trail/ship/shipper.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { TrailMismatchError } from '../../../src/trail/store/errors.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../../src/trail/store/sighting-rows.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { draft, NOON, queueOf, SECOND, sealAll } from '../store/campus.js';
import { FakeQueue } from './fake-queue.js';
import { MemoryLog } from './memory-log.js';

const UUID = 'cccccccc-3333-4333-8333-333333333333';

function events(count: number): ReturnType<typeof sealAll> {
  const drafts = Array.from({ length: count }, (_, i) => {
    const at = NOON + i * SECOND;
    return {
      at,
      draft: draft('renewed', {
        address: `10.0.0.${i % 20}`,
        circuitId: Buffer.from(`p${i % 3}`),
        leaseEnd: at + 60 * SECOND,
      }),
    };
  });
  return sealAll(UUID, drafts);
}

function shipperOf(
  url: string,
  queue: FakeQueue | null,
  options: Partial<ShipperOptions> = {},
): { shipper: Shipper; log: MemoryLog } {
  const log = new MemoryLog();
  const shipper = new Shipper({
    openQueue: () => queue,
    queueFile: 'the.queue',
    openTrail: () => Trail.open(url),
    batchSize: 10,
    once: true,
    log,
    progress: new Progress(log, { write: () => true }),
    pollMillis: 5,
    ...options,
  });
  return { shipper, log };
}

/** Everything of the queue is in the trail, once, and the sightings are those of its events. */
async function assertComplete(url: string, queue: FakeQueue): Promise<void> {
  const trail = await Trail.open(url);
  try {
    const sequences = await trail.knex('events').pluck('sequence').orderBy('sequence');
    assert.deepEqual(
      sequences,
      queue.events.map((event) => event.sequence),
    );
    const rows = await trail
      .knex('sightings')
      .select(SIGHTING_COLUMNS)
      .orderBy(['first_seen', 'opened_queue', 'opened_sequence']);
    assert.deepEqual(
      rows.map((row) => SIGHTING_COLUMNS.map((column) => row[column])),
      fold(queue.events).map(sightingToRow),
    );
    assert.equal(queue.shipped, queue.events.length);
  } finally {
    await trail.close();
  }
}

onEveryDatabase('The shipper', (current) => {
  it('drains the queue in batches and ends, when told to do it once', async () => {
    const queue = new FakeQueue(events(25));
    const { shipper } = shipperOf(current().url, queue);
    assert.equal(await shipper.run(), 25);
    assert.deepEqual([queue.notes, shipper.state], [[10, 20, 25], 'stopped']);
    await assertComplete(current().url, queue);
  });

  it('G10: doubles nothing after a crash between the commit of the trail and the note in the queue', async () => {
    const queue = new FakeQueue(events(25));
    queue.dieBeforeNote = true;
    await assert.rejects(shipperOf(current().url, queue).shipper.run(), /killed/);
    assert.equal(queue.shipped, 0);
    assert.equal(await shipperOf(current().url, queue).shipper.run(), 15);
    await assertComplete(current().url, queue);
  });

  it('goes on as events come, until it is stopped', async () => {
    const all = events(40);
    const queue = new FakeQueue(all.slice(0, 15));
    const { shipper } = shipperOf(current().url, queue, { once: false });
    const running = shipper.run();
    await until('first events shipped', () => queue.shipped === 15 && shipper.state === 'idle');
    queue.events.push(...all.slice(15));
    await until('all events shipped', () => queue.shipped === 40);
    shipper.stop();
    assert.equal(await running, 40);
    await assertComplete(current().url, queue);
  });

  it('waits for the queue, and says so once', async () => {
    let queue: FakeQueue | null = null;
    const { shipper, log } = shipperOf(current().url, null, { openQueue: () => queue, once: false });
    const running = shipper.run();
    await until('word of waiting', () => log.count('ship-waiting') === 1);
    const found = new FakeQueue(events(5));
    queue = found;
    await until('all events shipped', () => found.shipped === 5);
    shipper.stop();
    assert.equal(await running, 5);
    assert.equal(log.count('ship-waiting'), 1);
  });

  it('ends at once when stopped while it waits for the queue', async () => {
    const { shipper } = shipperOf(current().url, null, { once: false });
    const running = shipper.run();
    shipper.stop();
    assert.equal(await running, 0);
  });

  it('refuses to ship once where there is no queue', async () => {
    const { shipper } = shipperOf(current().url, null);
    await assert.rejects(shipper.run(), /Queue the\.queue does not exist/);
  });

  it('stops with an error, and a gap, at a queue that does not fit the trail', async () => {
    const { trail, url } = current();
    await ship(
      trail,
      queueOf([
        [0, 'granted'],
        [50, 'renewed'],
      ]),
    );
    const rolledBack = new FakeQueue(queueOf([[0, 'granted']]));
    await assert.rejects(shipperOf(url, rolledBack, { once: false }).shipper.run(), TrailMismatchError);
    const other = new FakeQueue(
      queueOf([
        [0, 'granted'],
        [51, 'renewed'],
        [52, 'renewed'],
      ]),
    );
    await assert.rejects(shipperOf(url, other, { once: false }).shipper.run(), TrailMismatchError);
    assert.deepEqual(await trail.knex('gaps').pluck('kind'), ['queue-mismatch']);
  });

  it('gives up on what the database refuses for good, and keeps the events', async () => {
    const { trail, url } = current();
    await trail.knex.schema.renameTable('gaps', 'hidden');
    const queue = new FakeQueue(sealAll(UUID, [{ at: NOON, draft: draft('clock-stepped', { address: null }) }]));
    await assert.rejects(
      shipperOf(url, queue, { once: false }).shipper.run(),
      /^PortledgerError: Trail refuses the events/,
    );
    assert.equal(queue.shipped, 0);
  });
});

for (const database of SERVER_DATABASES) {
  describe(`The shipper and a ${database} that goes away`, () => {
    let server: PrivateDatabase;

    before(async function () {
      this.timeout(60_000);
      requires(this, ENGINES[database].requirement);
      server = await startDatabase(database, { durable: false });
      const trail = await Trail.open(server.url);
      await trail.migrate();
      await trail.close();
    });

    let finishAll: (() => Promise<unknown>)[] = [];

    /** Starts it; what is returned stops it and waits for its end, which happens after the test in any case. */
    function runUntilTestEnds(shipper: Shipper): () => Promise<unknown> {
      const running = shipper.run();
      running.catch(() => undefined); // told by finish()
      const finish = async (): Promise<unknown> => {
        shipper.stop();
        return await running;
      };
      finishAll.push(finish);
      return finish;
    }

    afterEach(async () => {
      const all = finishAll;
      finishAll = [];
      await Promise.allSettled(all.map(async (finish) => await finish()));
    });

    beforeEach(async () => {
      for (const table of ['events', 'sightings', 'queues', 'ports', 'switches'])
        await server.query(`DELETE FROM test_main.${table}`);
    });

    after(async () => await server?.remove());

    it('tells who asks for once that it cannot be reached', async function () {
      this.timeout(60_000);
      await server.stop();
      const { shipper, log } = shipperOf(server.url, new FakeQueue(events(5)));
      await assert.rejects(shipper.run(), UnreachableError);
      assert.equal(log.count('ship-trail-away'), 5);
      await server.start();
    });

    it('loses and doubles nothing when it is killed and started again and again', async function () {
      this.timeout(120_000);
      const queue = new FakeQueue(events(20_000));
      const { shipper, log } = shipperOf(server.url, queue, { once: false, batchSize: 40 });
      const finish = runUntilTestEnds(shipper);
      for (let i = 1; i <= 3; i++) {
        await until('more events shipped', () => queue.shipped > i * 1000, { withinMs: 30_000 });
        await server.kill9();
        await until('word of the outage', () => log.count('ship-trail-away') >= i);
        await server.start();
      }
      await until('all events shipped', () => queue.shipped === 20_000, { withinMs: 60_000 });
      await finish();
      assert.ok(log.count('ship-trail-back') >= 3);
      await assertComplete(server.url, queue);
    });

    it('gets over a connection that is cut without a word', async function () {
      this.timeout(60_000);
      const proxy = await MutableProxy.start(server.port);
      const queue = new FakeQueue(events(3000));
      const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
      // Cut within a transaction, its row lock is held until the database drops the session.
      const openTrail = () => Trail.open(url, { idleSeconds: 1 });
      const { shipper, log } = shipperOf(url, queue, { once: false, batchSize: 10, appendMillis: 500, openTrail });
      const finish = runUntilTestEnds(shipper);
      await until('some events shipped', () => queue.shipped > 100);
      proxy.mute();
      await until('word of the outage', () => log.count('ship-trail-away') > 0);
      assert.match(String(log.lines.find((line) => line.id === 'ship-trail-away')?.fields?.error), /did not answer/);
      await until('all events shipped', () => queue.shipped === 3000, { withinMs: 30_000 });
      await finish();
      await proxy.close();
      await assertComplete(server.url, queue);
    });

    it('gets over its connection being killed in the middle', async function () {
      this.timeout(60_000);
      const queue = new FakeQueue(events(3000));
      const { shipper, log } = shipperOf(server.url, queue, { once: false, batchSize: 10 });
      const finish = runUntilTestEnds(shipper);
      await until('some events shipped', () => queue.shipped > 100);
      const threads = (await server.query("SELECT id FROM information_schema.processlist WHERE db = 'test_main'")) as {
        id: number;
      }[];
      for (const { id } of threads) await server.query(`KILL CONNECTION ${id}`);
      await until('word of the outage', () => log.count('ship-trail-away') > 0);
      await until('all events shipped', () => queue.shipped === 3000, { withinMs: 30_000 });
      await finish();
      await assertComplete(server.url, queue);
    });
  });
}

/** Passes a TCP connection on, until it swallows everything on those it has, as a dead network does. */
class MutableProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Socket[]>();

  private constructor(server: Server, pairs: Set<Socket[]>) {
    this.#server = server;
    this.#pairs = pairs;
    this.port = (server.address() as { port: number }).port;
  }

  static async start(target: number): Promise<MutableProxy> {
    const pairs = new Set<Socket[]>();
    const server = createServer((near) => {
      const far = connectTcp(target, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
      near.pipe(far);
      far.pipe(near);
      pairs.add([near, far]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new MutableProxy(server, pairs);
  }

  mute(): void {
    for (const [near, far] of this.#pairs) {
      near!.unpipe(far!);
      far!.unpipe(near!);
    }
  }

  async close(): Promise<void> {
    for (const socket of [...this.#pairs].flat()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
