import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type PrivateDatabase, startDatabase } from '../../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import type { ShipSource } from '../../../src/trail/ship/source.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { SmallDisk } from '../../support/small-disk.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { assertShipped, fillQueue, shipperOf } from './stage.js';

const EVENTS = 300;
/** Enough that tables must grow. */
const MANY_EVENTS = 4000;
/** What an empty database takes, and a little more. */
const DATABASE_BYTES = 400 * 1024 * 1024;
/** The logs of transactions have their size from the start. */
const SMALL_LOGS = { MariaDB: ['--innodb-log-file-size=16M'], MySQL: ['--innodb-redo-log-capacity=16M'] };

describe('P2: a disk that is full', () => {
  let folder: string;
  let file: string;
  let url: string;

  beforeEach(async () => {
    folder = makeTempDir();
    file = fillQueue(folder, EVENTS);
    url = `sqlite:${folder}/audit.db`;
    const trail = await Trail.open(url);
    await trail.migrate();
    await trail.close();
  });

  afterEach(() => removeTempDir(folder));

  it('under the trail keeps the shipper waiting, and nothing is lost', async () => {
    let isFull = true;
    const openTrail = async (): Promise<Trail> => {
      const trail = await Trail.open(url);
      const [{ page_count: pages }] = await trail.knex.raw('PRAGMA page_count');
      // SQLite then says what it says when the disk has no more room.
      await trail.knex.raw(`PRAGMA max_page_count = ${isFull ? pages + 4 : 1_000_000}`);
      return trail;
    };
    const { shipper, log } = shipperOf(file, url, { once: false, openTrail });
    const running = shipper.run();
    await until('word of the full disk', () => log.count('ship-trail-away') > 0);
    isFull = false;
    await until('all events shipped', () => log.lines.some((line) => line.fields?.sequence === EVENTS));
    shipper.stop();
    await running;
    assert.match(String(log.lines.find((line) => line.id === 'ship-trail-away')?.fields?.error), /full/);
    await assertShipped(file, url);
  });

  it('under the note of what is shipped keeps the shipper waiting, and nothing is doubled', async () => {
    const reader = QueueReader.open(file);
    let failures = 3;
    const source: ShipSource = {
      uuid: reader.uuid,
      server: reader.server,
      position: () => reader.position(),
      read: (after, limit) => reader.read(after, limit),
      checkpoints: (after, sequence) => reader.checkpoints(after, sequence),
      keys: () => reader.keys(),
      markShipped(sequence, hash, checkpoint) {
        if (failures-- > 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        reader.markShipped(sequence, hash, checkpoint);
      },
      close: () => reader.close(),
    };
    const { shipper, log } = shipperOf(file, url, { openQueue: () => source });
    await shipper.run();
    assert.equal(log.count('ship-trail-away'), 3);
    await assertShipped(file, url);
  });
});

for (const kind of SERVER_DATABASES) {
  describe(`P2: a disk that is full under ${kind}`, function () {
    this.timeout(120_000);
    let folder: string;
    let disk: SmallDisk | undefined;
    let database: PrivateDatabase | undefined;

    beforeEach(async function () {
      requires(this, 'root', ENGINES[kind].requirement);
      folder = makeTempDir();
      disk = new SmallDisk(join(folder, 'disk'), DATABASE_BYTES);
      database = await startDatabase(kind, { durable: false, within: disk.folder, args: SMALL_LOGS[kind] });
    });

    afterEach(async () => {
      await database?.remove();
      disk?.remove();
      if (folder) removeTempDir(folder);
    });

    it('keeps the shipper waiting, and nothing is lost or doubled', async () => {
      const file = fillQueue(folder, MANY_EVENTS);
      const { url } = database!;
      const trail = await Trail.open(url);
      await trail.migrate();
      const { shipper, log } = shipperOf(file, url, { once: false, batchSize: 200 });
      disk!.fill();
      const running = shipper.run();
      await until('word of the full disk', () => log.count('ship-trail-away') > 0, { withinMs: 60_000 });
      const before = Number((await trail.knex('events').count({ count: '*' }).first())!.count);
      assert.ok(before < MANY_EVENTS, `${before} events found room`);
      disk!.free();
      const shipped = (): boolean => log.lines.some((line) => line.fields?.sequence === MANY_EVENTS);
      await until('all events shipped', shipped, { withinMs: 60_000 });
      shipper.stop();
      await running;
      assert.match(String(log.lines.find((line) => line.id === 'ship-trail-away')?.fields?.error), /full|space/i);
      await trail.close();
      await assertShipped(file, url);
    });
  });
}
