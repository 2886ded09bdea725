import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { MICROS_PER_SECOND } from '../../src/base/time.js';
import { isSignedBy } from '../../src/ledger/proof/checkpoint.js';
import { KeyError } from '../../src/ledger/proof/key.js';
import { readKeyFile } from '../../src/ledger/proof/key-file.js';
import { claimedRing, trustedRing } from '../../src/ledger/proof/key-ring.js';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { Checkpoints } from '../../src/server/checkpoints.js';
import { Lab, sketchConfig } from '../support/lab.js';

const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.10-198.18.0.250'] }]);
const RELAY = '198.18.0.2';
const INTERVAL = 600;

describe('The checkpoints of a server', () => {
  let lab: Lab;
  let keyFile: string;
  let macs = 0;

  beforeEach(() => {
    lab = new Lab(CAMPUS);
    keyFile = `${lab.file}.key`;
  });
  afterEach(() => lab.close());

  function open(): Checkpoints {
    const policy = { keyFile, checkpointEvents: 10, checkpointInterval: INTERVAL * MICROS_PER_SECOND };
    return new Checkpoints({ queue: lab.queue, server: 'dhcp-a', policy, clock: lab.clock, logger: lab.logger });
  }

  function grant(count: number): void {
    for (let i = 0; i < count; i++)
      lab.lease({ giaddr: RELAY, mac: (0x020000000000 + ++macs).toString(16).padStart(12, '0') });
  }

  function signed(): number[] {
    const reader = QueueReader.open(lab.file);
    try {
      return reader.checkpoints(0, 1_000_000).map(({ checkpoint }) => checkpoint.sequence);
    } finally {
      reader.close();
    }
  }

  it('come after so many events, after so long if there was one, and not else', () => {
    const checkpoints = open();
    checkpoints.makeIfDue();
    lab.clock.advance(2 * INTERVAL);
    checkpoints.makeIfDue();
    assert.deepEqual(signed(), [], 'nothing to sign');
    grant(9);
    lab.clock.advance(-2 * INTERVAL);
    open().makeIfDue();
    assert.deepEqual(signed(), [], 'neither enough events nor enough time');
    grant(1);
    checkpoints.makeIfDue();
    assert.deepEqual(signed(), [10]);
    grant(1);
    checkpoints.makeIfDue();
    assert.deepEqual(signed(), [10]);
    lab.clock.advance(INTERVAL);
    checkpoints.makeIfDue();
    checkpoints.makeIfDue();
    assert.deepEqual(signed(), [10, 11]);
  });

  it('sign the head of the chain with the key that was made at the first use', () => {
    const checkpoints = open();
    assert.deepEqual(lab.logger.ids(), ['key-made']);
    grant(3);
    const checkpoint = checkpoints.make()!;
    const last = lab.events().at(-1)!;
    assert.deepEqual([checkpoint.queue, checkpoint.sequence], [lab.queue.uuid, 3]);
    assert.deepEqual(Buffer.from(checkpoint.hash), Buffer.from(last.hash));
    assert.equal(checkpoint.nextWithin, INTERVAL * MICROS_PER_SECOND);
    assert.equal(isSignedBy(checkpoint, readKeyFile(keyFile).public), true);
    assert.deepEqual(checkpoints.make(), checkpoint, 'there is nothing new to sign');
  });

  it('go on over a restart with the same key', () => {
    grant(2);
    const first = open().make()!;
    lab.crash();
    lab.open();
    const again = open();
    assert.equal(again.make()!.sequence, 2);
    grant(1);
    assert.equal(again.make()!.keyId, first.keyId);
    assert.deepEqual(signed(), [2, 3]);
    assert.equal(lab.logger.ids().filter((id) => id === 'key-made').length, 1);
  });

  it('are signed by a new key after rotation, which the old one certifies', () => {
    const checkpoints = open();
    grant(2);
    const old = readKeyFile(keyFile);
    const { key, by } = checkpoints.rotate();
    assert.equal(by, old.public.id);
    assert.equal(readKeyFile(keyFile).public.id, key);
    const ring = trustedRing([old.public], lab.queue.keys);
    assert.equal(isSignedBy(lab.queue.checkpoint!, ring.get(key)!), true);
    assert.deepEqual(signed(), [2, 2], 'both keys sign where one takes over from the other');
    grant(1);
    assert.equal(open().make()!.keyId, key, 'also after a restart');
    assert.deepEqual([...claimedRing(lab.queue.keys).keys()].sort(), [key, by].sort());
  });

  it('are not trusted by the old key if its file was lost: the new one certifies itself', () => {
    open();
    grant(1);
    const old = readKeyFile(keyFile);
    rmSync(keyFile);
    const { keyId } = open().make()!;
    assert.equal(trustedRing([old.public], lab.queue.keys).has(keyId), false);
    assert.equal(claimedRing(lab.queue.keys).has(keyId), true);
  });

  it('that cannot be stored are told and tried again, and cost nothing else', () => {
    const checkpoints = open();
    grant(10);
    const real = lab.queue.addCheckpoint.bind(lab.queue);
    lab.queue.addCheckpoint = () => {
      throw new Error('database or disk is full');
    };
    checkpoints.makeIfDue();
    assert.ok(lab.logger.ids().includes('checkpoint-failed'));
    lab.queue.addCheckpoint = real;
    checkpoints.makeIfDue();
    assert.deepEqual(signed(), [10]);
  });

  it('need a key file that is a key: a server does not start with another one', () => {
    writeFileSync(keyFile, 'not a key');
    assert.throws(() => open(), KeyError);
    assert.equal(existsSync(`${keyFile}.pub`), false);
  });

  it('are deleted from the queue once shipped, but for the newest', () => {
    const checkpoints = open();
    for (let i = 0; i < 3; i++) {
      grant(1);
      checkpoints.make();
    }
    const reader = QueueReader.open(lab.file);
    const [, second] = reader.checkpoints(0, 100);
    reader.markShipped(2, second!.checkpoint.hash, second!.number);
    lab.queue.deleteShipped();
    assert.deepEqual(signed(), [3]);
    const [last] = reader.checkpoints(second!.number, 100);
    reader.markShipped(3, last!.checkpoint.hash, last!.number);
    lab.queue.deleteShipped();
    assert.deepEqual(signed(), [3]);
    reader.close();
  });
});
