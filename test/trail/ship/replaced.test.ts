import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../rig/lab/until.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { fillQueue, shipperOf } from '../../integration/faults/stage.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const [FIRST, SECOND] = [30, 20];

describe('A queue file that is replaced under a running shipper', function () {
  this.timeout(30_000);
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  function moveAway(file: string): void {
    const former = join(folder, 'former');
    mkdirSync(former);
    for (const part of [file, `${file}.shipped`]) renameSync(part, join(former, part.slice(folder.length + 1)));
  }

  it('is waited for and shipped from, as after a restart', async () => {
    const url = `sqlite:${folder}/audit.db`;
    const trail = await Trail.open(url);
    await trail.migrate();
    const file = fillQueue(folder, FIRST);
    const first = QueueReader.open(file);
    first.close();
    const { shipper, log } = shipperOf(file, url, {
      once: false,
      openQueue: () => (QueueReader.exists(file) ? QueueReader.open(file) : null),
    });
    const running = shipper.run();
    try {
      await until('first queue shipped', async () => (await trail.position(first.uuid))?.sequence === FIRST);
      moveAway(file);
      await until('word that it is waited for', () => log.count('ship-waiting') > 0);
      fillQueue(folder, SECOND);
      const second = QueueReader.open(file);
      second.close();
      await until('second queue shipped', async () => (await trail.position(second.uuid))?.sequence === SECOND);
      assert.notEqual(second.uuid, first.uuid);
      assert.equal(log.count('ship-started'), 2);
    } finally {
      shipper.stop();
      await running;
      await trail.close();
    }
  });
});

describe('An SQLite trail that is removed under a running shipper', function () {
  this.timeout(30_000);
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  for (const isIdle of [true, false]) {
    it(`is told of, and nothing more counts as shipped${isIdle ? ', though nothing happens' : ''}`, async () => {
      const url = `sqlite:${folder}/audit.db`;
      const openTrail = async (): Promise<Trail> => {
        const trail = await Trail.open(url);
        await trail.migrate();
        return trail;
      };
      const file = fillQueue(folder, FIRST);
      const reader = QueueReader.open(file);
      const { shipper, log } = shipperOf(file, url, {
        once: false,
        openTrail,
      });
      const running = shipper.run();
      await until('queue shipped', () => reader.position().shipped === FIRST);
      for (const part of ['', '-wal', '-shm']) rmSync(`${folder}/audit.db${part}`, { force: true });
      if (!isIdle) fillQueue(folder, SECOND);
      await assert.rejects(
        running,
        /does not fit the trail: the trail lacks events 1 to 30, which were shipped before/,
      );
      assert.equal(reader.position().shipped, FIRST);
      assert.equal(log.count('ship-trail-away'), 1);
      reader.close();
      const empty = await openTrail();
      assert.deepEqual(await empty.knex('gaps').pluck('kind'), ['queue-mismatch']);
      await empty.close();
    });
  }
});
