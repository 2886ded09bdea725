import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sqlite } from '../../../src/base/sqlite.js';
import { LOG_ONLY, openQueueFile } from '../../../src/ledger/queue/schema.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

describe('The queue file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = makeTempDir();
    file = join(folder, 'a.queue');
  });

  afterEach(() => removeTempDir(folder));

  /** A file that is refused is as it was before, in content and mode, and nothing lies beside it. */
  function assertRefused(reason: RegExp): void {
    chmodSync(file, 0o644);
    const before = readFileSync(file);
    assert.throws(() => openQueueFile(file, LOG_ONLY), reason);
    assert.deepEqual(readFileSync(file), before);
    assert.equal(statSync(file).mode & 0o777, 0o644);
    for (const part of ['-wal', '-shm', '.serve.lock']) assert.equal(existsSync(`${file}${part}`), false, part);
  }

  function makeDatabase(...statements: string[]): void {
    const db = new Sqlite(file);
    for (const statement of statements) db.exec(statement);
    db.close();
  }

  it('leaves a file alone that is no database', () => {
    writeFileSync(file, 'switch: sw-a\n'.repeat(100));
    assertRefused(/a\.queue cannot be opened: file is not a database/);
  });

  it('leaves the database of another program alone, also one that counts its versions', () => {
    makeDatabase('CREATE TABLE notes (text TEXT)');
    assertRefused(/is a SQLite file but not a queue/);
    makeDatabase('PRAGMA user_version = 2');
    assertRefused(/is a SQLite file but not a queue/);
  });

  it('leaves the file of a newer Portledger alone', () => {
    openQueueFile(file, LOG_ONLY).close();
    makeDatabase('PRAGMA journal_mode = DELETE', 'PRAGMA user_version = 4711');
    assertRefused(/has schema 4711, this Portledger knows/);
  });

  it('is made where there is none or an empty one, for its owner only', () => {
    for (const isThere of [false, true]) {
      if (isThere) writeFileSync(`${file}2`, '', { mode: 0o644 });
      const path = isThere ? `${file}2` : file;
      const db = openQueueFile(path, LOG_ONLY);
      assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
      for (const part of ['', '-wal', '-shm']) assert.equal(statSync(`${path}${part}`).mode & 0o777, 0o600, part);
      db.close();
    }
  });
});
