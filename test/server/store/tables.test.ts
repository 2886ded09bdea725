import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sqlite } from '../../../src/base/sqlite.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { ServerStore } from '../../../src/server/store/server-store.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

/** SHA-256 of name and SQL of every table and index of version 5, as the last commit before the districts made them. */
const VERSION_5 = '9f7cdec7f8cb15df9fd3dfd4e4a82b9b8737fc5a7b29b32839555c90862b9271';

describe("The tables of a server's queue", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'a.queue');
  });

  afterEach(() => removeTempDir(folder));

  function inFile<T>(work: (db: InstanceType<typeof Sqlite>) => T): T {
    const db = new Sqlite(file);
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  const tables = () =>
    createHash('sha256')
      .update(JSON.stringify(inFile((db) => db.prepare('SELECT name, sql FROM sqlite_master ORDER BY rowid').all())))
      .digest('hex');

  it('are those of version 5, text for text and in the same order', () => {
    ServerStore.open(file, 'dhcp-a', 0).close();
    assert.equal(tables(), VERSION_5);
    assert.deepEqual(
      inFile((db) => db.pragma('user_version', { simple: true })),
      5,
    );
  });

  it('are made in a file of version 1, whose leases and identity stay', () => {
    const first = ServerStore.open(file, 'dhcp-a', 0);
    first.close();
    inFile((db) => {
      db.exec('DROP TABLE bindings; DROP TABLE relationships; DROP TABLE checkpoints; DROP TABLE signing_keys');
      db.exec('ALTER TABLE queue DROP COLUMN replaces');
      db.exec("INSERT INTO leases VALUES (7, 'active', 'c', 1, 'm', NULL, NULL, 1, 1, 2, NULL, NULL)");
      db.pragma('user_version = 1');
    });
    const again = ServerStore.open(file, 'dhcp-a', 1);
    assert.equal(again.queue.uuid, first.queue.uuid);
    assert.deepEqual(
      Array.from(again.packedLeases(), ({ address }) => address),
      [7],
    );
    assert.deepEqual([[...again.bindings()], again.relationships()], [[], []]);
    again.close();
  });

  it('are not looked for in vain in a queue without leases: the server refuses it and leaves it as it is', () => {
    Queue.open(file, 'dhcp-a', 0).close();
    const before = readFileSync(file);
    assert.throws(
      () => ServerStore.open(file, 'dhcp-a', 0),
      /a\.queue is of another kind: it lacks the table leases, bindings, relationships, which this server needs/,
    );
    assert.deepEqual(readFileSync(file), before);
  });
});
