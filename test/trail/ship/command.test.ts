import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '../../../rig/lab/database.js';
import { Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { EXIT } from '../../../src/base/errors.js';
import { acquireLock } from '../../../src/ledger/queue/lock.js';
import { Queue } from '../../../src/ledger/queue/queue.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { draft, SECOND } from '../store/campus.js';

const MAIN = join(import.meta.dirname, '../../../src/apps/cli/main.ts');

describe('The commands ship and migrate', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portledger-ship-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function start(...args: string[]): Program {
    return new Program([
      process.execPath,
      '--import',
      'tsx',
      MAIN,
      '--config',
      join(folder, 'portledger.yaml'),
      ...args,
    ]);
  }

  async function run(...args: string[]): Promise<{ code: number | null; stderr: string }> {
    const program = start(...args);
    const { code } = await program.ended;
    return { code, stderr: program.stderr };
  }

  function configure(url: string, more = ''): void {
    writeFileSync(join(folder, 'portledger.yaml'), `queue: { file: ./a.queue }\naudit: { url: "${url}" }\n${more}`);
  }

  function commit(count: number): void {
    const now = Date.now() * 1000;
    const queue = Queue.open(join(folder, 'a.queue'), 'dhcp-a', now);
    const drafts = Array.from({ length: count }, (_, i) =>
      draft('granted', { address: `10.0.0.${i}`, leaseEnd: now + 3600 * SECOND }),
    );
    queue.append(drafts, now);
    queue.close();
  }

  async function shipped(url: string): Promise<number[]> {
    const trail = await Trail.open(url);
    try {
      return await trail.knex('events').pluck('sequence').orderBy('sequence');
    } finally {
      await trail.close();
    }
  }

  it('ship to the embedded trail, which needs no migrate, and end with 0', async () => {
    configure('sqlite:./data/audit.db');
    commit(3);
    assert.deepEqual((await run('ship', '--once')).code, EXIT.ok);
    commit(2);
    assert.deepEqual((await run('ship', '--once')).code, EXIT.ok);
    assert.deepEqual(await shipped(`sqlite:${folder}/data/audit.db`), [1, 2, 3, 4, 5]);
  });

  it('are followed by status, which counts what the trail rejected', async () => {
    configure('sqlite:./audit.db');
    const trail = await Trail.open(`sqlite:${folder}/audit.db`);
    await trail.migrate();
    const reject = "BEGIN SELECT RAISE(ABORT, 'no') WHERE NEW.ip = '10.0.0.1'; END";
    await trail.knex.raw(`CREATE TRIGGER reject BEFORE INSERT ON events ${reject}`);
    await trail.close();
    commit(3);
    const { code, stderr } = await run('ship', '--once');
    assert.equal(code, EXIT.ok);
    assert.match(stderr, /error .*ship-event-quarantined: Trail rejects event 2 \(granted, 10\.0\.0\.1\) for good/);
    const status = start('status', '-o', 'json');
    await status.ended;
    const { place, ...counts } = JSON.parse(status.stdout).trail;
    assert.deepEqual(counts, { sequence: 3, behind: 0, quarantined: 1 });
    assert.match(place, /audit\.db$/);
  });

  it('are preceded by status, which says that there is no trail and makes none', async () => {
    configure('sqlite:./audit.db');
    commit(2);
    const status = start('status', '-o', 'json');
    assert.equal((await status.ended).code, EXIT.unreachable);
    const { server, queue, trail } = JSON.parse(status.stdout);
    assert.match(server.error, /no server runs/);
    assert.equal(queue.unshipped, 2);
    assert.match(trail.error, /audit\.db does not exist yet/);
    assert.ok(!existsSync(join(folder, 'audit.db')));
  });

  it('leave a trail that status shows, with exit code 0, where there is neither server nor queue', async () => {
    configure('sqlite:./audit.db');
    commit(1);
    assert.equal((await run('ship', '--once')).code, EXIT.ok);
    rmSync(join(folder, 'a.queue'));
    const status = start('status', '-o', 'json');
    assert.equal((await status.ended).code, EXIT.ok);
    const { queue, trail } = JSON.parse(status.stdout);
    assert.match(queue.error, /a\.queue/);
    assert.equal(trail.quarantined, 0);
  });

  it('migrate the embedded trail one after the other when they start at once', async () => {
    configure('sqlite:./audit.db');
    const runs = await Promise.all([run('migrate'), run('migrate'), run('migrate')]);
    assert.deepEqual(
      runs.map(({ code }) => code),
      [EXIT.ok, EXIT.ok, EXIT.ok],
      runs.map(({ stderr }) => stderr).join(''),
    );
  });

  it('migrate with a configuration that names no switches and leave their names as they are', async () => {
    const switches = 'switches: [{ remote-id: "sw-a", name: north }]\n';
    configure('sqlite:./audit.db', switches);
    commit(1);
    assert.equal((await run('ship', '--once')).code, EXIT.ok);
    configure('sqlite:./audit.db');
    assert.equal((await run('migrate')).code, EXIT.ok);
    const trail = await Trail.open(`sqlite:${folder}/audit.db`);
    assert.deepEqual(await trail.knex('switches').pluck('name'), ['north']);
    await trail.close();
  });

  it('stop within 10 s of SIGTERM whatever the trail waits for, and at once after a second signal', async function () {
    requires(this, 'mariadb');
    const database = await freshDatabase();
    configure(database.url);
    commit(1);
    assert.equal((await run('migrate')).code, EXIT.ok);
    const trail = await Trail.open(database.url);
    const lock = await trail.knex.transaction();
    await lock('trail_state').forUpdate().select();
    const waiting = async (sessions: number) => {
      const count = "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'update %trail_state%'";
      const [[row]] = await trail.knex.raw(count);
      return row.n >= sessions;
    };

    const first = start('ship');
    await until('shipper that waits for the trail', () => waiting(1), { withinMs: 20_000, detail: () => first.output });
    first.signal('SIGHUP');
    assert.deepEqual(await first.stop('SIGTERM', 13_000), { code: EXIT.ok, signal: null }, first.output);
    assert.match(first.stderr, /ship-cut-off/);

    const second = start('ship');
    await until('shipper that waits again', () => waiting(2), { withinMs: 20_000 });
    second.signal('SIGTERM');
    await until('default effect of SIGINT', () => !catches(second.pid, 2));
    assert.deepEqual(await second.stop('SIGINT', 2000), { code: null, signal: 'SIGINT' });
    await lock.rollback();
    await trail.close();
    assert.equal((await run('ship', '--once')).code, EXIT.ok);
    assert.deepEqual(await shipped(database.url), [1]);
    await database.drop();
  });

  it('refuse a second shipper on the same queue', async () => {
    configure('sqlite:./audit.db');
    commit(1);
    const lock = acquireLock(join(folder, 'a.queue.ship.lock'), 'shipper');
    const { code, stderr } = await run('ship', '--once');
    lock.release();
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /^error: Another shipper already runs on this queue/m);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`wait for the queue, ship it, and end with 0 on ${signal}`, async () => {
      configure('sqlite:./audit.db');
      const program = start('ship');
      await program.waitFor(/ship-waiting/, 20_000);
      commit(4);
      await program.waitFor(/ship-started/);
      await until('events in the trail', async () => (await shipped(`sqlite:${folder}/audit.db`)).length === 4);
      assert.deepEqual(await program.stop(signal), { code: EXIT.ok, signal: null });
    });
  }

  it('say with 3 that the trail cannot be reached, without its password', async () => {
    configure('mysql://someone:hidden@127.0.0.1:1/trail');
    commit(1);
    for (const args of [['migrate'], ['ship', '--once']]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, EXIT.unreachable, stderr);
      assert.match(stderr, /^error: Trail mysql:\/\/someone@127\.0\.0\.1:1\/trail cannot be opened/m);
      assert.doesNotMatch(stderr, /hidden|\n {4}at /);
    }
  });

  it('need a migrate before MariaDB is shipped to', async function () {
    requires(this, 'mariadb');
    const database = await freshDatabase();
    configure(database.url);
    commit(3);
    const early = await run('ship', '--once');
    assert.equal(early.code, EXIT.usage);
    assert.match(early.stderr, /^error: The database has no trail in it yet \(run portledger migrate first\)/m);
    assert.equal((await run('migrate')).code, EXIT.ok);
    assert.match((await run('migrate')).stderr, /is up to date already/);
    assert.equal((await run('ship', '--once')).code, EXIT.ok);
    assert.deepEqual(await shipped(database.url), [1, 2, 3]);
    await database.drop();
  });
});

/** True if the process has a handler for the signal of that number. */
function catches(pid: number, signal: number): boolean {
  const [, mask] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}
