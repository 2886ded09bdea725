import assert from 'node:assert/strict';
import { onEveryDatabase, type TestTrail } from '../../../rig/lab/trails.js';
import { decodeEvent, encodeEvent } from '../../../src/ledger/event/encoding.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { Progress } from '../../../src/trail/ship/progress.js';
import { Shipper } from '../../../src/trail/ship/shipper.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { readGaps } from '../../../src/trail/store/history/history-gaps.js';
import { countQuarantined, readQuarantined } from '../../../src/trail/store/quarantine.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { verifyTrail } from '../../../src/trail/verify/verify.js';
import { draft, NOON, SECOND, sealAll } from '../store/campus.js';
import { FakeQueue } from './fake-queue.js';
import { MemoryLog } from './memory-log.js';

const QUEUE = 'cccccccc-3333-4333-8333-333333333333';
const BAD_ADDRESS = '10.0.0.66';

/** Events about one address each, those named about the address that the trail rejects. */
function eventsWith(bad: readonly number[], count = 40): LedgerEvent[] {
  const drafts = Array.from({ length: count }, (_, i) => {
    const at = NOON + i * SECOND;
    const address = bad.includes(i + 1) ? BAD_ADDRESS : `10.0.1.${i}`;
    return { at, draft: draft('granted', { address, leaseEnd: at + 60 * SECOND }) };
  });
  return sealAll(QUEUE, drafts);
}

/** From now on the trail takes no event about the bad address, for good. */
async function rejectBadAddress({ trail }: TestTrail, database: string): Promise<void> {
  const body =
    database === 'SQLite'
      ? `BEGIN SELECT RAISE(ABORT, 'not this one') WHERE NEW.ip = '${BAD_ADDRESS}'; END`
      : `FOR EACH ROW IF NEW.ip = '${BAD_ADDRESS}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF`;
  await trail.knex.raw(`CREATE TRIGGER reject_bad BEFORE INSERT ON events ${body}`);
}

async function shipAll(url: string, queue: FakeQueue): Promise<MemoryLog> {
  const log = new MemoryLog();
  const shipper = new Shipper({
    openQueue: () => queue,
    queueFile: 'the.queue',
    openTrail: () => Trail.open(url),
    batchSize: 16,
    once: true,
    log,
    progress: new Progress(log, { write: () => true }),
  });
  await shipper.run();
  return log;
}

onEveryDatabase('An event that the trail rejects for good', (current, database) => {
  for (const bad of [[7], [1], [40], [16, 17], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30]]) {
    it(`is set aside, and all others arrive (${bad.join(', ')} of 40)`, async () => {
      const { trail, url } = current();
      await rejectBadAddress(current(), database);
      const queue = new FakeQueue(eventsWith(bad));
      const log = await shipAll(url, queue);
      const isBad = (event: LedgerEvent): boolean => bad.includes(event.sequence);
      const good = queue.events.filter((event) => !isBad(event)).map((event) => event.sequence);
      assert.deepEqual(await trail.knex('events').pluck('sequence').orderBy('sequence'), good);
      const kept = await readQuarantined(trail.knex, QUEUE, 0, 100);
      assert.deepEqual(
        kept.map(({ sequence, at, hash, encoded }) => [sequence, at, hash, encoded]),
        queue.events.filter(isBad).map((event) => [event.sequence, event.at, event.hash, encodeEvent(event)]),
      );
      assert.match(kept[0]!.reason, /not this one/);
      assert.equal(decodeEvent(kept[0]!.encoded).address, BAD_ADDRESS);
      assert.equal(await countQuarantined(trail.knex), bad.length);
      assert.deepEqual([queue.shipped, log.count('ship-event-quarantined')], [40, bad.length]);
      const stored = await trail.knex('sightings').count({ count: '*' }).first();
      assert.equal(Number(stored!.count), fold(queue.events.filter((event) => !isBad(event))).length);
    });
  }

  it('is named by a gap', async () => {
    const { trail, url } = current();
    await rejectBadAddress(current(), database);
    const queue = new FakeQueue(eventsWith([7]));
    await shipAll(url, queue);
    const { at, server } = queue.events[6]!;
    const gaps = await readGaps(trail.knex, { kind: 'all' });
    assert.deepEqual(
      gaps.map((gap) => [gap.kind, gap.server, gap.sequence, gap.gapFrom, gap.gapUntil, gap.queueUuid]),
      [['quarantined', server, 7, at, at, QUEUE]],
    );
    assert.match(gaps[0]!.detail!, /not this one/);
  });

  it('does not break the chain, nor what follows from the other events', async () => {
    const { trail, url } = current();
    await rejectBadAddress(current(), database);
    await shipAll(url, new FakeQueue(eventsWith([1, 7, 40])));
    const { faults } = await verifyTrail(trail.knex, { trusted: [] });
    assert.deepEqual(
      faults.filter((fault) => fault.kind !== 'unsigned'),
      [],
    );
    await trail
      .knex('quarantined')
      .where('sequence', 7)
      .update({ encoded: Buffer.from('another') });
    assert.ok((await verifyTrail(trail.knex, { trusted: [] })).faultCount > 0);
  });

  it('does not come twice, and is not in the way of the queue, when it is shipped again', async () => {
    const { trail, url } = current();
    await rejectBadAddress(current(), database);
    const queue = new FakeQueue(eventsWith([7, 40]));
    await shipAll(url, queue);
    queue.shipped = 0;
    const log = await shipAll(url, queue);
    assert.deepEqual([queue.shipped, log.count('ship-event-quarantined')], [40, 0]);
    assert.equal(await countQuarantined(trail.knex), 2);
  });

  it('is not suspected where the database rejects more than an event', async () => {
    const { trail, url } = current();
    await trail.knex.schema.renameTable('sightings', 'hidden');
    const queue = new FakeQueue(eventsWith([]));
    await assert.rejects(shipAll(url, queue), /Trail refuses the events/);
    await trail.knex.schema.renameTable('hidden', 'sightings');
    assert.deepEqual([queue.shipped, await countQuarantined(trail.knex)], [0, 0]);
  });
});

onEveryDatabase('A value longer than its column', (current, database) => {
  it('sets aside the event that has it, where the database knows of lengths', async () => {
    const { trail, url } = current();
    const at = NOON + SECOND;
    const long = draft('granted', { clientId: Buffer.alloc(300, 1), leaseEnd: at });
    const queue = new FakeQueue(
      sealAll(QUEUE, [
        { at: NOON, draft: draft('granted') },
        { at, draft: long },
      ]),
    );
    await shipAll(url, queue);
    const aside = await readQuarantined(trail.knex, QUEUE, 0, 10);
    assert.deepEqual(
      aside.map((event) => event.sequence),
      database === 'SQLite' ? [] : [2],
    );
    assert.equal(queue.shipped, 2);
  });
});
