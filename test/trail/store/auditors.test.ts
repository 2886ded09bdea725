import assert from 'node:assert/strict';
import { createConnection } from 'mysql2/promise';
import { freshDatabase } from '../../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES, type ServerDatabase } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { ship } from '../../../rig/lab/trails.js';
import { UsageError } from '../../../src/base/errors.js';
import { auditorSql } from '../../../src/trail/store/auditors.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { queueOf } from './campus.js';

/** The account is of one database of the shared server, so that it meets no other test. */
async function withAuditor(
  kind: ServerDatabase,
  work: (ask: (sql: string) => Promise<Record<string, unknown>[]>, trail: Trail, url: string) => Promise<void>,
): Promise<void> {
  const { url, drop } = await freshDatabase(kind);
  const { host, port, pathname } = new URL(url.replace('mysql:', 'http:'));
  const database = pathname.slice(1);
  const user = `auditor_${database.slice(-6)}`;
  const trail = await Trail.open(url);
  try {
    await trail.migrate();
    await ship(trail, queueOf([[0, 'granted']]));
    const statements = auditorSql(database, user, '127.0.0.1')
      .replace("'CHANGE-ME'", "'pw'")
      .replace(/^--.*\n/, '');
    for (const statement of statements.split(';\n').filter((one) => one !== '')) await trail.knex.raw(statement);
    const connection = await createConnection({
      host: host.split(':')[0]!,
      port: Number(port),
      user,
      password: 'pw',
      database,
    });
    try {
      await work(
        async (sql) => (await connection.query(sql))[0] as Record<string, unknown>[],
        trail,
        `mysql://${user}:pw@127.0.0.1:${port}/${database}`,
      );
    } finally {
      await connection.end();
      await trail.knex.raw(`DROP USER '${user}'@'127.0.0.1'`);
    }
  } finally {
    await trail.close();
    await drop();
  }
}

describe('The SQL for auditors', function () {
  this.timeout(60_000);

  for (const kind of SERVER_DATABASES) {
    it(`makes a user who reads the two views on ${kind}`, async function () {
      requires(this, ENGINES[kind].requirement);
      await withAuditor(kind, async (ask) => {
        assert.deepEqual(
          (await ask('SELECT ip, mac, port_name FROM port_history')).map((row) => Object.values(row)),
          [['10.0.0.7', '02:00:00:00:00:01', 'p1']],
        );
        assert.equal((await ask('SELECT * FROM port_clients')).length, 1);
      });
    });

    it(`lets that user see nothing else, and change nothing, on ${kind}`, async function () {
      requires(this, ENGINES[kind].requirement);
      await withAuditor(kind, async (ask, trail) => {
        assert.deepEqual((await ask('SHOW TABLES')).map((row) => Object.values(row)[0]).sort(), [
          'port_clients',
          'port_history',
        ]);
        const tables = Object.values((await trail.knex.raw('SHOW FULL TABLES'))[0] as Record<string, string>[])
          .filter((row) => Object.values(row)[1] === 'BASE TABLE')
          .map((row) => Object.values(row)[0]);
        assert.ok(tables.length >= 10, tables.join());
        for (const table of tables) await assert.rejects(ask(`SELECT 1 FROM ${table}`), /denied/, table);
        for (const sql of [
          'DELETE FROM port_history',
          "UPDATE port_history SET ip = '10.0.0.8'",
          'DROP VIEW port_history',
          'CREATE TABLE x (a INT)',
          'SHOW CREATE VIEW port_history',
        ])
          await assert.rejects(ask(sql), /denied|not updatable/, sql);
      });
    });

    it(`makes a user whose report is told what it needs on ${kind}`, async function () {
      requires(this, ENGINES[kind].requirement);
      await withAuditor(kind, async (_ask, _trail, url) => {
        const trail = await Trail.open(url);
        try {
          await assert.rejects(trail.checkSchema(), /sees the views of the trail and not its tables/);
        } finally {
          await trail.close();
        }
      });
    });
  }

  it('refuses names that would end the quotes', () => {
    for (const name of ["a'b", 'a`b', 'a b', '']) {
      assert.throws(() => auditorSql(name, 'u', '%'), UsageError, name);
      assert.throws(() => auditorSql('d', name, '%'), UsageError, name);
      assert.throws(() => auditorSql('d', 'u', name), UsageError, name);
    }
  });
});
