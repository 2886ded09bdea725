import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../src/base/errors.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { QueueError } from '../../../src/ledger/queue/errors.js';
import { writePosition } from '../../../src/ledger/queue/position.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { replaceQueue } from '../../../src/ledger/queue/replace.js';
import { serverEvent } from '../../../src/server/pipeline/server-event.js';
import { checkChain } from '../../../src/trail/store/chain.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

describe('A new queue in place of another', () => {
  let folder: string;
  let file: string;

  /** A queue with an event each second from NOON on; the server has stopped. */
  function fill(count: number): LedgerEvent[] {
    const queue = Queue.open(file, 'dhcp-a', NOON);
    const events = Array.from({ length: count }, (_, i) =>
      queue.append([draft('granted')], NOON + i * SECOND, { isRunning: false }),
    );
    queue.close();
    return events.flat();
  }

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'a.queue');
  });

  afterEach(() => removeTempDir(folder));

  it('has another UUID and a chain of its own', () => {
    const events = fill(3);
    const { from, to, unshipped } = replaceQueue(file, NOON + 60 * SECOND);
    assert.equal(from, events[0]!.queue);
    assert.notEqual(to, from);
    assert.equal(unshipped, 3);
    const queue = Queue.open(file, 'dhcp-a', NOON + 70 * SECOND);
    assert.deepEqual([queue.uuid, queue.sequence], [to, 0]);
    const fresh = queue.append([draft('granted'), draft('renewed')], NOON + 70 * SECOND);
    queue.close();
    assert.deepEqual(
      fresh.map((event) => event.sequence),
      [1, 2],
    );
    checkChain(to, fresh);
  });

  it('knows its past until its first event: the gap begins with what was not shipped', () => {
    const events = fill(3);
    writePosition(file, events[0]!.queue, { sequence: 1, hash: '', checkpoint: 0 });
    const { from } = replaceQueue(file, NOON + 60 * SECOND);
    const queue = Queue.open(file, 'dhcp-a', NOON + 70 * SECOND);
    assert.deepEqual([queue.previous.isNew, queue.previous.replaced, queue.at], [false, from, events[1]!.at]);
    queue.append([draft('granted')], NOON + 70 * SECOND);
    queue.close();
    const again = Queue.open(file, 'dhcp-a', NOON + 80 * SECOND);
    assert.deepEqual([again.previous.isNew, again.previous.replaced], [false, null]);
    again.close();
  });

  it('covers the time before an event that was not shipped, and told of a gap', () => {
    const [first] = fill(1);
    writePosition(file, first!.queue, { sequence: 1, hash: '', checkpoint: 0 });
    const crashed = { from: NOON + 5 * SECOND, to: NOON + 50 * SECOND };
    const old = Queue.open(file, 'dhcp-a', NOON + 50 * SECOND);
    const started = serverEvent('server-started', 'dhcp-a', 'after an unclean end', crashed);
    old.append([started], crashed.to, { isRunning: false });
    old.close();
    replaceQueue(file, NOON + 60 * SECOND);
    const queue = Queue.open(file, 'dhcp-a', NOON + 70 * SECOND);
    assert.equal(queue.at, crashed.from);
    queue.close();
  });

  it('leaves the old one beside it, whole and for its owner alone', () => {
    const events = fill(3);
    const { kept } = replaceQueue(file, NOON);
    assert.equal(statSync(kept).mode & 0o777, 0o600);
    const old = QueueReader.open(kept);
    assert.deepEqual(
      old.read(0, 10).map((event) => Buffer.from(event.hash).toString('hex')),
      events.map((event) => Buffer.from(event.hash).toString('hex')),
    );
    old.close();
  });

  it('is refused while a server runs, and where there is nothing to replace', () => {
    assert.throws(() => replaceQueue(file, NOON), QueueError);
    const queue = Queue.open(file, 'dhcp-a', NOON);
    queue.append([draft('granted')], NOON);
    assert.throws(() => replaceQueue(file, NOON), UsageError);
    assert.equal(existsSync(`${file}.${queue.uuid}`), false);
    queue.close();
  });
});
