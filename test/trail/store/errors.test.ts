import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '../../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { EXIT, PortledgerError, UsageError } from '../../../src/base/errors.js';
import {
  connectError,
  databaseMessage,
  isTransient,
  SchemaError,
  TrailUnreachableError,
} from '../../../src/trail/store/errors.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { describeTarget, parseTrailUrl } from '../../../src/trail/store/url.js';

const coded = (fields: object): Error => Object.assign(new Error('x'), fields);

/** What opening the trail throws. */
async function openError(url: string): Promise<PortledgerError> {
  try {
    await (await Trail.open(url)).close();
  } catch (error) {
    assert.ok(error instanceof PortledgerError, String(error));
    return error;
  }
  return assert.fail('The trail could be opened');
}

describe('Errors of the trail', () => {
  it('are transient or not by their code', () => {
    for (const errno of [1213, 1205, 1053, 1927, 2006, 2013])
      assert.equal(isTransient(coded({ errno })), true, `${errno}`);
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'PROTOCOL_CONNECTION_LOST',
      'SQLITE_BUSY',
      'SQLITE_BUSY_SNAPSHOT',
      'SQLITE_IOERR_FSYNC',
      'SQLITE_FULL',
    ]) {
      assert.equal(isTransient(coded({ code })), true, code);
    }
    for (const errno of [1045, 1049, 1062, 1406, 1146]) assert.equal(isTransient(coded({ errno })), false, `${errno}`);
    for (const code of ['SQLITE_CONSTRAINT', 'SQLITE_CORRUPT', 'SQLITE_BUSYBODY'])
      assert.equal(isTransient(coded({ code })), false, code);
    assert.equal(isTransient(coded({ fatal: true })), true);
    assert.equal(isTransient(coded({ fatal: true, errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' })), false);
    for (const other of [null, undefined, 'ECONNRESET', new Error('ECONNRESET')])
      assert.equal(isTransient(other), false);
  });

  it('are transient if what caused them is', () => {
    const target = parseTrailUrl('mysql://u:p@h/d');
    assert.equal(isTransient(connectError(coded({ code: 'ECONNREFUSED' }), target)), true);
    assert.equal(isTransient(connectError(coded({ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045 }), target)), false);
  });

  it("leave errors that are not the database's as they are", () => {
    const error = new TypeError('a bug');
    assert.equal(connectError(error, parseTrailUrl('sqlite:x')), error);
  });

  it('say where nobody listens, without the password, and end a command with 3', async () => {
    const error = await openError('mysql://someone:hidden@127.0.0.1:1/trail');
    assert.ok(error instanceof TrailUnreachableError);
    assert.match(error.message, /^Trail mysql:\/\/someone@127\.0\.0\.1:1\/trail cannot be opened: .*ECONNREFUSED/);
    assert.doesNotMatch(error.message, /hidden/);
    assert.equal(error.exitCode, EXIT.unreachable);
    assert.match(error.hint ?? '', /database runs/);
  });

  it('say that a file is no trail', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portledger-notrail-'));
    writeFileSync(join(folder, 'audit.db'), 'this is not a database, and long enough to be seen as none '.repeat(20));
    const error = await openError(`sqlite:${folder}/audit.db`);
    assert.match(error.message, /cannot be opened: .*not a database/);
    assert.equal(isTransient(error), false);
    rmSync(folder, { recursive: true });
  });

  for (const kind of SERVER_DATABASES) {
    describe(`from ${kind}`, () => {
      let database: Awaited<ReturnType<typeof freshDatabase>>;

      before(async function () {
        this.timeout(60_000);
        requires(this, ENGINES[kind].requirement);
        database = await freshDatabase(kind);
      });

      after(async () => await database?.drop());

      it('say that user or password is wrong', async () => {
        const error = await openError(database.url.replace('only-for-tests', 'guessed'));
        assert.deepEqual([error.exitCode, error.hint], [EXIT.unreachable, 'check user and password of audit.url']);
      });

      it('say that the database does not exist', async () => {
        const error = await openError(`${database.url}_not`);
        assert.equal(error.exitCode, EXIT.unreachable);
        assert.match(error.hint ?? '', /CREATE DATABASE/);
      });

      it('say that the trail must be migrated first', async () => {
        const trail = await Trail.open(database.url);
        await assert.rejects(trail.checkSchema(), (error: SchemaError) => {
          assert.ok(error instanceof SchemaError);
          assert.match(error.hint ?? '', /portledger migrate/);
          return error.exitCode === EXIT.usage;
        });
        await trail.close();
      });
    });
  }
});

describe('The URL of a trail', () => {
  it('names a MySQL or MariaDB with decoded user and password', () => {
    const target = parseTrailUrl('mariadb://port%40ledger:s%2Fe%3Ac@db.example:3307/audit');
    assert.deepEqual(target, {
      kind: 'mysql',
      host: 'db.example',
      port: 3307,
      socket: undefined,
      tls: undefined,
      user: 'port@ledger',
      password: 's/e:c',
      database: 'audit',
    });
    assert.equal(describeTarget(target), 'mysql://port@ledger@db.example:3307/audit');
  });

  it('names a Unix socket or an IPv6 address', () => {
    assert.equal(
      describeTarget(parseTrailUrl('mysql://u:p@localhost/d?socket=/run/db.sock')),
      'mysql://u@/run/db.sock/d',
    );
    const target = parseTrailUrl('mysql://u:p@[::1]/d');
    assert.deepEqual(target.kind === 'mysql' && [target.host, target.port], ['::1', 3306]);
  });

  it('names an SQLite file', () => {
    assert.deepEqual(parseTrailUrl('sqlite:./data/audit.db'), { kind: 'sqlite', file: './data/audit.db' });
  });

  it('is refused in any other form, and the password is not repeated', () => {
    for (const url of [
      '',
      'sqlite:',
      'postgres://u:hidden@h/d',
      'mysql://u:hidden@h',
      'mysql://u:hidden@h:99999/d',
      'audit.db',
    ]) {
      assert.throws(
        () => parseTrailUrl(url),
        (error: UsageError) =>
          error instanceof UsageError && error.hint !== undefined && !error.message.includes('hidden'),
        url,
      );
    }
  });

  it('says what a database said without the statement, whose length hides it', () => {
    const statement = 'insert into `events` (`at`, `ip`) values (?, ?), (?, ?)';
    const lost = 'Connection lost: The server closed the connection.';
    assert.equal(
      databaseMessage(Object.assign(new Error(`${statement} - ${lost}`), { code: 'PROTOCOL_CONNECTION_LOST' })),
      lost,
    );
    assert.equal(databaseMessage(new Error('connect ECONNREFUSED - refused')), 'connect ECONNREFUSED - refused');
  });
});
