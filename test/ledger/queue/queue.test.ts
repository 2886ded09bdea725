import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sqlite } from '../../../src/base/sqlite.js';
import { QueueWriteError } from '../../../src/ledger/queue/errors.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { replaceQueue } from '../../../src/ledger/queue/replace.js';
import type { QueueKind } from '../../../src/ledger/queue/schema.js';
import { checkChain } from '../../../src/trail/store/chain.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

/** A collector that keeps the raw record of each event. */
const COLLECTOR: QueueKind = {
  owner: 'collector',
  tables: { raw_records: 1 },
  steps: { 1: 'CREATE TABLE raw_records (line TEXT NOT NULL);' },
};

describe('A queue', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'a.queue');
  });

  afterEach(() => removeTempDir(folder));

  function tablesOf(path: string): unknown[] {
    const db = new Sqlite(path, { readonly: true });
    try {
      return db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY rowid")
        .pluck()
        .all();
    } finally {
      db.close();
    }
  }

  function eventsIn(path: string) {
    const reader = QueueReader.open(path);
    try {
      return reader.read(0, 1000);
    } finally {
      reader.close();
    }
  }

  const openCollector = () => Queue.open(file, 'campus-tap', NOON, COLLECTOR);
  const linesIn = (queue: Queue) => queue.db.prepare('SELECT line FROM raw_records').pluck().all();
  const keep = (queue: Queue, line: string) => () =>
    void queue.db.prepare('INSERT INTO raw_records VALUES (?)').run(line);

  it('of no DHCP server has the tables of the log alone', () => {
    const queue = Queue.open(file, 'campus-tap', NOON);
    const sealed = queue.append([draft('granted', { server: 'campus-tap' })], NOON);
    queue.close();
    assert.deepEqual(tablesOf(file), ['queue', 'events', 'checkpoints', 'signing_keys']);
    const reader = QueueReader.open(file);
    assert.deepEqual([reader.server, reader.uuid, reader.position().last], ['campus-tap', queue.uuid, 1]);
    reader.close();
    checkChain(queue.uuid, sealed);
  });

  it('lives beside another one in one process, each with its own chain, lock and time', () => {
    const other = join(folder, 'b.queue');
    const [a, b] = [Queue.open(file, 'kea-a', NOON), Queue.open(other, 'campus-tap', NOON, COLLECTOR)];
    assert.throws(
      () => Queue.open(other, 'campus-tap', NOON, COLLECTOR),
      /Another collector already runs on this queue/,
    );
    a.append([draft('granted', { server: 'kea-a' })], NOON + 10 * SECOND);
    b.append([draft('granted', { server: 'campus-tap' })], NOON);
    a.append([draft('renewed', { server: 'kea-a' })], NOON);
    a.close();
    b.append([draft('expired', { server: 'campus-tap' })], NOON + SECOND);
    b.close();
    assert.notEqual(a.uuid, b.uuid);
    for (const [path, queue, times] of [
      [file, a, [10, 10]],
      [other, b, [0, 1]],
    ] as const) {
      const events = eventsIn(path);
      checkChain(queue.uuid, events);
      assert.deepEqual(
        events.map(({ at }) => (at - NOON) / SECOND),
        times,
      );
    }
  });

  it("stores the owner's rows with the events", () => {
    const queue = openCollector();
    queue.append([draft('granted')], NOON, { alsoWrite: keep(queue, 'a row') });
    queue.append([], NOON, { alsoWrite: (db) => db.exec("INSERT INTO raw_records VALUES ('alone')") });
    queue.close();
    const again = openCollector();
    assert.deepEqual([again.sequence, linesIn(again)], [1, ['a row', 'alone']]);
    again.close();
  });

  it('stores neither event nor row if the owner cannot write, and goes on after it', () => {
    const queue = openCollector();
    const [first] = queue.append([draft('granted')], NOON);
    const { head, at } = queue;
    const fail = () => {
      keep(queue, 'half')();
      throw new Error('the owner failed');
    };
    assert.throws(
      () => queue.append([draft('renewed')], NOON + SECOND, { alsoWrite: fail, isRunning: false }),
      (error) => error instanceof QueueWriteError && /cannot be written: the owner failed/.test(error.message),
    );
    assert.deepEqual([queue.head, queue.at, linesIn(queue)], [head, at, []]);
    assert.equal(eventsIn(file).length, 1);
    const [second] = queue.append([draft('renewed')], NOON + 2 * SECOND, { alsoWrite: keep(queue, 'whole') });
    checkChain(queue.uuid, [first!, second!]);
    assert.deepEqual(linesIn(queue), ['whole']);
    queue.close();
    const again = openCollector();
    assert.equal(again.previous.running, true);
    again.close();
  });

  it("stores no row of the owner if an event can't be stored", () => {
    const queue = openCollector();
    queue.db.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    assert.throws(() => queue.append([draft('granted')], NOON, { alsoWrite: keep(queue, 'row') }), /disk full/);
    assert.deepEqual([queue.sequence, linesIn(queue)], [0, []]);
    queue.close();
  });

  it("keeps the owner's rows when it is replaced, and takes the owner's changes with that", () => {
    const queue = openCollector();
    queue.append([draft('granted')], NOON, { alsoWrite: keep(queue, 'old') });
    queue.close();
    const fail = () => {
      throw new Error('no');
    };
    assert.throws(() => replaceQueue(file, NOON, { kind: COLLECTOR, alsoWrite: fail }), /no/);
    assert.equal(eventsIn(file).length, 1);
    const { kept } = replaceQueue(file, NOON, {
      kind: COLLECTOR,
      alsoWrite: (db) => db.exec("INSERT INTO raw_records VALUES ('new')"),
    });
    const again = openCollector();
    assert.deepEqual([again.sequence, linesIn(again)], [0, ['old', 'new']]);
    again.close();
    assert.equal(eventsIn(kept).length, 1);
  });

  it('is refused to an owner of another kind, and left as it is', () => {
    Queue.open(file, 'campus-tap', NOON).close();
    const plain = readFileSync(file);
    assert.throws(
      openCollector,
      /a\.queue is of another kind: it lacks the table raw_records, which this collector needs/,
    );
    assert.deepEqual(readFileSync(file), plain);
  });

  it('of an older version is brought up to date by its owner alone', () => {
    openCollector().close();
    const db = new Sqlite(file);
    db.exec('DROP TABLE checkpoints; DROP TABLE signing_keys; ALTER TABLE queue DROP COLUMN replaces');
    db.pragma('user_version = 1');
    db.close();
    const older = readFileSync(file);
    assert.throws(
      () => Queue.open(file, 'campus-tap', NOON),
      /a\.queue is of another kind: it has the table raw_records, which this program does not know/,
    );
    assert.deepEqual(readFileSync(file), older);
    openCollector().close();
    assert.deepEqual(tablesOf(file), ['queue', 'events', 'raw_records', 'checkpoints', 'signing_keys']);
  });
});
