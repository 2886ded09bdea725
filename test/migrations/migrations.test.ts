import assert from 'node:assert/strict';
import { MIGRATIONS, SCHEMA_VERSION } from '../../migrations/all.js';
import { type Database, onEveryDatabase, ship } from '../../rig/lab/trails.js';
import { SchemaError } from '../../src/trail/store/errors.js';
import { EVENT_COLUMNS } from '../../src/trail/store/event-rows.js';
import { rollbackSchema } from '../../src/trail/store/migrator.js';
import { SIGHTING_COLUMNS } from '../../src/trail/store/sighting-rows.js';
import type { Trail } from '../../src/trail/store/trail.js';
import { draft, NOON, SECOND, sealAll } from '../trail/store/campus.js';

const PORT_HISTORY = [
  ...['switch_name', 'port_name', 'remote_id', 'circuit_id', 'ip', 'mac', 'client_id', 'hostname'],
  ...['first_seen', 'last_seen', 'lease_until', 'ended_at', 'end_reason', 'evidence', 'server', 'events'],
];
const PORT_CLIENTS = [
  ...['switch_name', 'port_name', 'remote_id', 'circuit_id', 'mac'],
  ...['first_seen', 'last_seen', 'addresses', 'sightings'],
];

async function columnsOf(trail: Trail, table: string): Promise<string[]> {
  return Object.keys(await trail.knex(table).columnInfo());
}

onEveryDatabase('The migrations', (current, database) => {
  it('make the views with the columns that auditors were promised', async () => {
    const { trail } = current();
    assert.deepEqual((await columnsOf(trail, 'port_history')).sort(), PORT_HISTORY.toSorted());
    assert.deepEqual((await columnsOf(trail, 'port_clients')).sort(), PORT_CLIENTS.toSorted());
  });

  it('make one column for each field of events and sightings', async () => {
    const { trail } = current();
    assert.deepEqual((await columnsOf(trail, 'events')).sort(), EVENT_COLUMNS.toSorted());
    assert.deepEqual((await columnsOf(trail, 'sightings')).sort(), SIGHTING_COLUMNS.toSorted());
  });

  it('do nothing the second time', async () => {
    const { trail } = current();
    assert.deepEqual(await trail.migrate(), []);
    await trail.checkSchema();
  });

  it('go down and up again', async () => {
    const { trail } = current();
    const before = (await columnsOf(trail, 'port_history')).sort();
    await rollbackSchema(trail.knex);
    await assert.rejects(trail.checkSchema(), SchemaError);
    assert.deepEqual(
      await trail.migrate(),
      MIGRATIONS.map((one) => one.name),
    );
    await trail.checkSchema();
    assert.deepEqual((await columnsOf(trail, 'port_history')).sort(), before);
  });

  it('go on after one that was cut off: on a server once it is unlocked, on SQLite by themselves', async () => {
    const { trail } = current();
    await trail.knex.raw('DROP VIEW port_history');
    await trail.knex('schema_migrations').delete();
    await trail.knex('trail_state').delete();
    await trail.knex('schema_migrations_lock').update({ is_locked: 1 });
    if (database === 'SQLite') await trail.migrate();
    else {
      await assert.rejects(trail.migrate(), (error: SchemaError) => /--unlock/.test(error.hint ?? ''));
      await trail.migrate({ unlock: true });
    }
    await trail.checkSchema();
    assert.equal((await columnsOf(trail, 'port_history')).length, PORT_HISTORY.length);
  });

  // MySQL commits after each statement of a schema change
  if (database === 'SQLite')
    it('leave nothing of one that failed, on SQLite', async () => {
      const { trail } = current();
      await rollbackSchema(trail.knex);
      // What the last migration writes fails, as if the process had died there
      await trail.knex.raw('CREATE VIEW access_log AS SELECT 1');
      await assert.rejects(trail.migrate(), /access_log/);
      const tables = await trail.knex('sqlite_master').where('type', 'table').pluck('name');
      assert.deepEqual(
        tables.filter((name: string) => !/^(sqlite_|schema_migrations)/.test(name)),
        [],
      );
      await trail.knex.raw('DROP VIEW access_log');
      assert.equal((await trail.migrate()).length, MIGRATIONS.length);
      await trail.checkSchema();
    });

  it('are refused, as is shipping, where the schema is newer than this program', async () => {
    const { trail } = current();
    await trail.knex('trail_state').update({ schema_version: SCHEMA_VERSION + 1 });
    const events = sealAll('bbbbbbbb-2222-4222-8222-222222222222', [{ at: NOON, draft: draft('granted') }]);
    for (const attempt of [() => trail.checkSchema(), () => trail.migrate(), () => ship(trail, events)]) {
      await assert.rejects(attempt(), (error) => error instanceof SchemaError && /knows only/.test(error.message));
    }
  });

  it('index what auditors ask the views for as text', async function () {
    this.timeout(60_000);
    const { trail } = current();
    await fill(trail);
    const questions = {
      "port_history WHERE ip = '10.0.0.7'": /sightings_ip_/,
      "port_history WHERE mac = '02:00:00:00:00:01'": /sightings_mac_first_seen/,
      "port_history WHERE switch_name = 'sw-7' AND port_name = 'p3'":
        /sightings_port_first_seen|sightings_switch_first_seen/,
      "port_clients WHERE mac = '02:00:00:00:00:01'": /sightings_mac_first_seen/,
      "port_clients WHERE switch_name = 'sw-7' AND port_name = 'p3'": /sightings_port_first_seen/,
    };
    for (const [question, index] of Object.entries(questions)) {
      // SQLite groups all of port_clients before it looks at a condition; an embedded trail is small enough for that.
      if (database === 'SQLite' && question.startsWith('port_clients')) continue;
      const plan = await explain(trail, `SELECT * FROM ${question}`, database);
      assert.match(plan, index, `${question}\n${plan}`);
      assert.doesNotMatch(plan, database === 'SQLite' ? /SCAN s\b/ : /"type":"(ALL|index)","table":"s"/, plan);
    }
  });

  it('find a hardware address typed in capitals', async () => {
    const { trail } = current();
    const mac = Buffer.from('02000000abcd', 'hex');
    await ship(
      trail,
      sealAll('bbbbbbbb-2222-4222-8222-222222222222', [
        { at: NOON, draft: draft('granted', { hwaddr: mac, leaseEnd: NOON }) },
      ]),
    );
    const rows = await trail.knex('port_history').where('mac', '02:00:00:00:AB:CD').select('mac');
    assert.deepEqual(rows, [{ mac: '02:00:00:00:ab:cd' }]);
  });
});

/** Enough clients on enough ports that a plan without an index would be a bad one. */
async function fill(trail: Trail): Promise<void> {
  const drafts = Array.from({ length: 3000 }, (_, i) => {
    const at = NOON + i * SECOND;
    const place = { remoteId: Buffer.from(`sw-${i % 20}`), circuitId: Buffer.from(`p${i % 48}`) };
    const hwaddr = Buffer.from([2, 0, 0, 0, i >> 8, i & 255]);
    return {
      at,
      draft: draft('granted', { ...place, hwaddr, address: `10.0.${i >> 8}.${i & 255}`, leaseEnd: at + 60 * SECOND }),
    };
  });
  await ship(trail, sealAll('bbbbbbbb-2222-4222-8222-222222222222', drafts));
  if (!trail.embedded) await trail.knex.raw('ANALYZE TABLE sightings, ports, switches');
}

async function explain(trail: Trail, sql: string, database: Database): Promise<string> {
  if (database === 'SQLite')
    return (await trail.knex.raw(`EXPLAIN QUERY PLAN ${sql}`)).map((row: { detail: string }) => row.detail).join('\n');
  // MySQL 9 draws a tree unless told otherwise, and MariaDB has no word for its table
  const [rows] = await trail.knex.raw(`EXPLAIN ${database === 'MySQL' ? 'FORMAT=TRADITIONAL ' : ''}${sql}`);
  return rows
    .map((row: { table: string; type: string; key: string | null }) =>
      JSON.stringify({ type: row.type, table: row.table, key: row.key }),
    )
    .join('\n');
}
