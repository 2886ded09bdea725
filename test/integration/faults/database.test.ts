import assert from 'node:assert/strict';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { type PrivateDatabase, startDatabase } from '../../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import type { AppendStep } from '../../../src/trail/store/steps.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import type { MemoryLog } from '../../trail/ship/memory-log.js';
import { FaultProxy } from './proxy.js';
import { assertShipped, fillQueue, shipperOf } from './stage.js';

const EVENTS = 300;
/** A user that is bound by --read-only, unlike one with all rights. */
const PLAIN_USER = "shipper@'127.0.0.1'";

for (const database of SERVER_DATABASES) {
  describe(`P2: a ${database} that fails in the middle of a batch`, () => {
    let server: PrivateDatabase;
    let folder: string;
    let file: string;

    before(async function () {
      this.timeout(60_000);
      requires(this, ENGINES[database].requirement);
      server = await startDatabase(database, { args: ['--innodb-lock-wait-timeout=1'] });
      await server.query(`CREATE USER ${PLAIN_USER} IDENTIFIED BY 'only-for-tests'`);
      await server.query(`GRANT ALL ON test_main.* TO ${PLAIN_USER}`);
    });

    after(async () => await server?.remove());

    beforeEach(async function () {
      this.timeout(30_000);
      await server.query('DROP DATABASE IF EXISTS test_main');
      await server.query('CREATE DATABASE test_main');
      const trail = await Trail.open(server.url);
      await trail.migrate();
      await trail.close();
      folder = makeTempDir();
      file = fillQueue(folder, EVENTS);
    });

    afterEach(() => removeTempDir(folder));

    /** Ships all while `fault` is done once, the third time that a batch comes to the step. */
    async function shipWith(step: AppendStep, fault: () => unknown, url = server.url): Promise<MemoryLog> {
      let left = 3;
      const onStep = async (reached: AppendStep): Promise<void> => {
        if (reached === step && --left === 0) await fault();
      };
      const openTrail = (): Promise<Trail> => Trail.open(url, { idleSeconds: 1, onStep });
      const { shipper, log } = shipperOf(file, url, { once: false, openTrail, appendMillis: 3000 });
      const running = shipper.run();
      const shipped = async (): Promise<boolean> => log.lines.some((line) => line.fields?.sequence === EVENTS);
      try {
        await until('all events shipped', shipped, {
          withinMs: 30_000,
          detail: () => JSON.stringify(log.lines.slice(-4)),
        });
      } finally {
        shipper.stop();
        await running;
      }
      assert.equal(left <= 0, true, `step ${step} was not reached three times`);
      await assertShipped(file, server.url);
      return log;
    }

    function awayErrors(log: MemoryLog): string {
      return log.lines
        .filter((line) => line.id === 'ship-trail-away')
        .map((line) => line.fields?.error)
        .join('\n');
    }

    it('killed while it commits: the outcome is not known to the shipper, and right all the same', async function () {
      this.timeout(120_000);
      // Each time the kill comes a little later against the COMMIT.
      for (const delay of [0, 1, 2, 4]) {
        await shipWith('position-written', () => {
          setTimeout(() => void server.kill9().then(() => server.start()), delay);
        });
        await server.query('DELETE FROM test_main.queues');
        for (const table of ['events', 'sightings']) await server.query(`DELETE FROM test_main.${table}`);
        removeTempDir(folder);
        folder = makeTempDir();
        file = fillQueue(folder, EVENTS);
      }
    });

    it('whose answer to the COMMIT is lost has the batch once', async function () {
      this.timeout(60_000);
      const proxy = await FaultProxy.start(server.port);
      const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
      const log = await shipWith('position-written', () => proxy.muteAnswers(), url);
      await proxy.close();
      assert.match(awayErrors(log), /did not answer/);
      assert.ok(log.lines.some((line) => line.id === 'ship-batch' && line.fields?.known === 10));
    });

    it('on a half-open connection is given up, and found again', async function () {
      this.timeout(60_000);
      const proxy = await FaultProxy.start(server.port);
      const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
      const log = await shipWith('events-written', () => proxy.mute(), url);
      await proxy.close();
      assert.match(awayErrors(log), /did not answer/);
    });

    it('with a cut connection is found again', async function () {
      this.timeout(60_000);
      const proxy = await FaultProxy.start(server.port);
      const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
      await shipWith('sightings-written', () => proxy.cut(), url);
      await proxy.close();
    });

    it('whose row lock does not come free in time (1205) is tried again', async function () {
      this.timeout(60_000);
      const other = await connect();
      await other.query('BEGIN');
      await other.query('SELECT * FROM trail_state FOR UPDATE');
      const { shipper, log } = shipperOf(file, server.url, { once: false });
      const running = shipper.run();
      await until('word of the outage', () => log.count('ship-trail-away') > 0);
      await other.query('COMMIT');
      await until('all events shipped', () => log.lines.some((line) => line.fields?.sequence === EVENTS), {
        withinMs: 30_000,
      });
      shipper.stop();
      await running;
      await other.end();
      assert.match(awayErrors(log), /Lock wait timeout/);
      await assertShipped(file, server.url);
    });

    it('that breaks a deadlock by ending the shipper (1213) is tried again', async function () {
      this.timeout(60_000);
      const other = await connect();
      const log = await shipWith('trail-locked', async () => await deadlock(other));
      await other.end();
      assert.match(awayErrors(log), /Deadlock/);
    });

    it('that is read-only for a while (1290) is tried again', async function () {
      this.timeout(60_000);
      const url = server.url.replace('tester:', 'shipper:');
      const log = await shipWith(
        'committed',
        async () => await server.query('SET GLOBAL read_only = 1').then(later),
        url,
      );
      assert.match(awayErrors(log), /read.only/i);
    });

    /** The database is written again soon. */
    function later(): void {
      setTimeout(() => void server.query('SET GLOBAL read_only = 0'), 1000);
    }

    /** Holds what the shipper, which has its turn, will want, and wants its turn: it is the lighter one, and is ended. */
    async function deadlock(other: Connection): Promise<void> {
      const values = Array.from({ length: 2000 }, (_, i) => `('k${i}')`).join(',');
      await other.query('CREATE TABLE IF NOT EXISTS weight (k VARCHAR(8))');
      await other.query('BEGIN');
      await other.query(`INSERT INTO weight VALUES ${values}`);
      await other.query('SELECT * FROM queues FOR UPDATE');
      void other.query('SELECT * FROM trail_state FOR UPDATE').then(() => other.query('ROLLBACK'));
    }

    async function connect(): Promise<Connection> {
      return await createConnection({ uri: server.url });
    }
  });
}
