import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueWriteError } from '../../../src/ledger/queue/errors.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { LOG_ONLY, openQueueFile } from '../../../src/ledger/queue/schema.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

describe('The reader of a queue', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'test.queue');
  });

  afterEach(() => removeTempDir(folder));

  it('finds no queue at any step before the server has made it', () => {
    assert.equal(QueueReader.exists(file), false);
    writeFileSync(file, '');
    assert.equal(QueueReader.exists(file), false, 'an empty file');
    openQueueFile(file, LOG_ONLY).close();
    assert.equal(QueueReader.exists(file), false, 'tables without an identity');
    Queue.open(file, 'dhcp-a', 1).close();
    assert.equal(QueueReader.exists(file), true);
    QueueReader.open(file).close();
  });

  it('names its note beside the file when that cannot be written', () => {
    const queue = Queue.open(file, 'dhcp-a', 1);
    queue.close();
    const reader = QueueReader.open(file);
    const note = (): void => reader.markShipped(1, Buffer.alloc(32), 0);
    mkdirSync(`${file}.shipped.new`);
    assert.throws(note, (error) => {
      assert.ok(error instanceof QueueWriteError);
      assert.match(error.message, /^Cannot write .*test\.queue\.shipped: EISDIR/);
      return true;
    });
    rmdirSync(`${file}.shipped.new`);
    note();
    assert.equal(reader.position().shipped, 1);
    reader.close();
  });

  it('does not wait for what will never be a queue', () => {
    writeFileSync(file, 'something else, long enough to be no SQLite file at all');
    assert.equal(QueueReader.exists(file), true);
    assert.throws(() => QueueReader.open(file), /test\.queue cannot be read: file is not a database/);
  });

  it('reads a queue of the version before checkpoints once the server has brought it up, with all it has', () => {
    const first = Queue.open(file, 'dhcp-a', 1);
    const { uuid } = first;
    first.close();
    const db = openQueueFile(file, LOG_ONLY);
    db.exec('DROP TABLE checkpoints; DROP TABLE signing_keys; ALTER TABLE queue DROP COLUMN replaces');
    db.pragma('user_version = 1');
    db.close();
    assert.throws(() => QueueReader.open(file), /has schema 1, .*/);
    const again = Queue.open(file, 'dhcp-a', 2);
    assert.deepEqual([again.uuid, again.checkpoint, again.keys], [uuid, undefined, []]);
    again.close();
    QueueReader.open(file).close();
  });
});
