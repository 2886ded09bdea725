import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { QueueError } from '../../../src/ledger/queue/errors.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { replaceQueue } from '../../../src/ledger/queue/replace.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

const PAGE = 4096;

/** Overwrites every page of the file but the first `kept`, as a broken disk may. */
function damage(file: string, kept: number): void {
  const fd = openSync(file, 'r+');
  const from = kept * PAGE;
  writeSync(fd, Buffer.alloc(statSync(file).size - from, 0xa5), 0, undefined, from);
  closeSync(fd);
}

const isDamage = (error: unknown): boolean => {
  assert.ok(error instanceof QueueError, String(error));
  assert.match(error.message, /^Queue .*test\.queue is damaged: database disk image is malformed$/);
  assert.match(error.hint ?? '', /move it away with its -wal, -shm and \.shipped/);
  return true;
};

describe('A queue file that is damaged', () => {
  let folder: string;
  let file: string;
  let uuid: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'test.queue');
    const queue = Queue.open(file, 'dhcp-a', NOON);
    uuid = queue.uuid;
    for (let i = 0; i < 200; i++) queue.append([draft('granted')], NOON + i * SECOND, { isRunning: false });
    queue.close();
  });

  afterEach(() => removeTempDir(folder));

  it('is reported by whatever opens it', () => {
    damage(file, 1);
    assert.throws(() => Queue.open(file, 'dhcp-a', NOON), isDamage);
    assert.throws(() => QueueReader.open(file), isDamage);
    assert.throws(() => replaceQueue(file, NOON), isDamage);
  });

  it('is reported by whatever reads the damaged part', () => {
    const whole = QueueReader.open(file);
    const { last } = whole.position();
    whole.close();
    // The first 7 pages are the roots of tables and indexes; the events fill those behind them
    damage(file, 10);
    const reader = QueueReader.open(file);
    assert.throws(() => reader.read(0, last), isDamage);
    reader.close();
    for (let attempt = 0; attempt < 2; attempt++) assert.throws(() => replaceQueue(file, NOON), isDamage);
    assert.equal(existsSync(`${file}.${uuid}`), false);
  });
});
