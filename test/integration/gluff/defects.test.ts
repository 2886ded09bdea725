import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDatabase, type PrivateDatabase, startMariadb } from '../../../rig/lab/database.js';
import { cpuSeconds } from '../../../rig/lab/process-memory.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { Sqlite } from '../../../src/base/sqlite.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { Lab, option82, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';
import { Bench, logged } from '../crash/bench.js';
import { eventsIn, isAcknowledged } from '../crash/evidence.js';

/** Gluff (2008) is where the idea of this program comes from; these are the ways in which it lost or bent what it saw. */
const DEFECTS = Array.from({ length: 13 }, (_, i) => `G${i + 1}`);
const RELAY = '198.18.0.2';
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.110'] }]);
const MAC = '02beef000001';

describe('Defects of Gluff that are not repeated', function () {
  this.timeout(60_000);

  it('each have a test that is named after them', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
    const named = new Set<string>();
    for (const file of files)
      for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(/\bit\(\s*['"`](G\d+): /g))
        named.add(name!);
    assert.deepEqual([...named].sort(byNumber), DEFECTS);
  });

  describe('in the server', () => {
    let lab: Lab;
    beforeEach(() => {
      lab = new Lab(CAMPUS);
    });
    afterEach(() => lab.close());

    /** The kinds of all events in a trail that the queue is shipped to. */
    async function shipped(): Promise<(string | null)[][]> {
      const trail = await Trail.open(`sqlite:${lab.folder}/audit.db`);
      try {
        await trail.migrate();
        const events = lab.events();
        await trail.append({ queue: lab.queue.uuid, server: 'dhcp-a', events });
        return (await trail.knex('events').orderBy('sequence')).map(({ kind, mac }) => [kind, mac]);
      } finally {
        await trail.close();
      }
    }

    it('G1: keeps grant, release and grant of the same microsecond apart, also over a restart within it', async () => {
      const at = lab.clock.now();
      const first = { giaddr: RELAY, mac: '020000000001' };
      const second = { giaddr: RELAY, mac: '020000000002' };
      const address = yiaddrOf(lab.lease(first))!;
      lab.send({ type: TYPE.release, ciaddr: address, mac: first.mac });
      lab.lease(second);
      lab.lease(first);
      lab.crash();
      lab.open();
      lab.lease(second);
      lab.send({ type: TYPE.release, ciaddr: address, mac: first.mac });
      lab.lease(first);
      assert.ok(lab.events().every((event) => event.at === at));
      const [one, two] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
      assert.deepEqual(await shipped(), [
        ['granted', one],
        ['released', one],
        ['granted', two],
        ['granted', one],
        ['renewed', two],
        ['released', one],
        ['granted', one],
      ]);
    });

    it('G13: records a move in the first quarter of a lease, with the new port', async () => {
      const asked = { giaddr: RELAY, mac: MAC };
      const address = yiaddrOf(lab.lease({ ...asked, option82: option82('Gi1/0/1', 'sw-a') }))!;
      lab.clock.advance(0.05 * 3600);
      const moved = { ...asked, type: TYPE.request, requested: address, option82: option82('Gi1/0/2', 'sw-a') };
      assert.equal(typeOf(lab.send(moved)[0]), TYPE.ack);
      const trail = await Trail.open(`sqlite:${lab.folder}/audit.db`);
      try {
        await trail.migrate();
        await trail.append({ queue: lab.queue.uuid, server: 'dhcp-a', events: lab.events() });
        const stays = await trail
          .knex('sightings as s')
          .join('ports as p', 'p.port_id', 's.port_id')
          .orderBy('s.first_seen')
          .select('p.name', 's.ip', 's.end_reason', 's.first_seen', 's.ended_at');
        assert.deepEqual(
          stays.map(({ name, ip, end_reason }) => [name, ip, end_reason]),
          [
            ['Gi1/0/1', address, 'moved'],
            ['Gi1/0/2', address, null],
          ],
        );
        assert.equal(stays[0].ended_at, stays[1].first_seen);
      } finally {
        await trail.close();
      }
    });
  });

  describe('in server and shipper as processes', () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await Bench.open();
    });
    afterEach(async () => {
      await bench.remove();
    });

    const kinds = () => bench.events().map(({ kind }) => kind);

    it('G1: keeps every event of a server that is killed and started again at once', async () => {
      const told: string[] = [];
      for (let round = 0; round < 2; round++) {
        const server = await bench.serve();
        const ack = await bench.relay.lease({ mac: MAC });
        const address = formatIpv4(ack!.yiaddr);
        bench.relay.sendUnicast({ type: TYPE.release, mac: MAC, ciaddr: address, serverId: '127.76.54.32' });
        assert.equal((await bench.relay.lease({ mac: MAC }))?.yiaddr, ack!.yiaddr);
        told.push('server-started', 'granted', 'released', 'granted');
        bench.relay.sendUnicast({ type: TYPE.release, mac: MAC, ciaddr: address, serverId: '127.76.54.32' });
        told.push('released');
        await until('release', () => kinds().length === told.length);
        await server.stop('SIGKILL');
      }
      assert.equal((await bench.run('ship', '--once')).code, 0);
      assert.deepEqual(
        (await eventsIn(bench.trailUrl)).map(({ kind }) => kind),
        told,
      );
    });

    it('G2: records a RELEASE that is the first packet after a start', async () => {
      const first = await bench.serve();
      const address = formatIpv4((await bench.relay.lease({ mac: MAC }))!.yiaddr);
      await first.stop();
      await bench.serve();
      bench.relay.sendUnicast({ type: TYPE.release, mac: MAC, ciaddr: address, serverId: '127.76.54.32' });
      await until('release', () => kinds().at(-1) === 'released');
      assert.deepEqual(kinds(), ['server-started', 'granted', 'server-stopped', 'server-started', 'released']);
    });

    it('G3: is not held up by a reader of the queue file that never lets go', async () => {
      const server = await bench.serve();
      const reader = new Sqlite(bench.queueFile, { readonly: true });
      try {
        reader.exec('BEGIN');
        reader.prepare('SELECT count(*) FROM events').get();
        for (let i = 0; i < 20; i++) {
          const before = performance.now();
          assert.ok(await bench.relay.lease({ mac: `02beef0001${i.toString(16).padStart(2, '0')}` }), server.output);
          assert.ok(performance.now() - before < 1000);
        }
      } finally {
        reader.close();
      }
      assert.equal(kinds().filter((kind) => kind === 'granted').length, 20);
    });

    it('G3: waits for a foreign lock on the queue file without burning the processor, and loses nothing', async () => {
      const server = await bench.serve();
      const other = new Sqlite(bench.queueFile);
      const held = 1500;
      const before = cpuSeconds(server.pid);
      other.exec('BEGIN IMMEDIATE');
      setTimeout(() => other.close(), held);
      const ack = await bench.relay.lease({ mac: MAC }, 5000);
      assert.ok(ack, server.output);
      assert.equal(other.open, false, 'answered while the lock was held');
      assert.ok(cpuSeconds(server.pid) - before < held / 2000, 'a busy loop');
      assert.deepEqual(kinds(), ['server-started', 'granted']);
    });

    it('G3: refuses, and records that it did, while a foreign lock on the queue file stays', async () => {
      const server = await bench.serve();
      const other = new Sqlite(bench.queueFile);
      other.exec('BEGIN IMMEDIATE');
      try {
        assert.equal(await bench.relay.lease({ mac: MAC }, 4000), undefined, 'an ACK without a record');
        assert.ok(logged(server, 'queue-write-failed').length > 0, server.output);
      } finally {
        other.close();
      }
      await until('lease', async () => await bench.relay.lease({ mac: MAC }, 1000));
      const events = bench.events();
      assert.match(events.find(({ kind }) => kind === 'queue-refused')?.detail ?? '', /^queue not writable: [1-9]/);
      assert.equal(events.filter(isAcknowledged).length, 1);
    });
  });

  describe('with a database', () => {
    let bench: Bench | undefined;
    let database: PrivateDatabase | undefined;

    before(function () {
      requires(this, 'mariadb');
    });
    afterEach(async () => {
      await bench?.remove();
      await database?.remove();
      [bench, database] = [undefined, undefined];
    });

    it('G12: starts and serves while the database is away, and ships when it comes', async () => {
      database = await startMariadb({ durable: false });
      bench = await Bench.open({ audit: { url: database.url } });
      assert.equal((await bench.run('migrate')).code, 0);
      await database.stop();
      await bench.serve();
      const shipper = bench.start('ship');
      await shipper.waitFor(/ship-trail-away/, 20_000);
      assert.ok(await bench.relay.lease({ mac: MAC }));
      await database.start();
      await shipper.waitFor(/ship-started|ship-trail-back/, 40_000);
      const { url } = database;
      await until('shipped lease', async () => (await eventsIn(url)).some(({ kind }) => kind === 'granted'));
    });

    it('G12: shows the password of the database on no command line and in no message', async () => {
      const place = await freshDatabase();
      try {
        const url = new URL(place.url);
        const { password } = url;
        url.password = '';
        bench = await Bench.open();
        bench.installation.configure(bench.config({ audit: { url: url.href, password } }));
        assert.equal((await bench.run('migrate')).code, 0);
        await bench.serve();
        const shipper = bench.start('ship');
        await shipper.waitFor(/ship-started/, 20_000);
        assert.doesNotMatch(readFileSync(`/proc/${shipper.pid}/cmdline`, 'latin1'), new RegExp(password));
        await shipper.stop();
        assert.doesNotMatch(shipper.output, new RegExp(password));
      } finally {
        await bench?.remove();
        bench = undefined;
        await place.drop();
      }
    });

    it('G12: makes the tables properly, says so, and leaves them alone the second time', async () => {
      const place = await freshDatabase();
      try {
        bench = await Bench.open({ audit: { url: place.url } });
        await bench.serveBriefly();
        const before = await bench.run('ship', '--once');
        assert.equal(before.code, 2, before.stderr);
        assert.match(before.stderr, /^error: The database has no trail in it yet [^\n]*portledger migrate/m);
        const first = await bench.run('migrate');
        const second = await bench.run('migrate');
        assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
        assert.match(first.stderr, /has been brought to \d{4}-/);
        assert.match(second.stderr, /is up to date already/);
        assert.doesNotMatch(first.stderr + second.stderr, /fail|error/i);
        assert.equal((await bench.run('ship', '--once')).code, 0);
        assert.equal((await eventsIn(place.url)).length, 2);
      } finally {
        await bench?.remove();
        bench = undefined;
        await place.drop();
      }
    });
  });
});

function byNumber(one: string, other: string): number {
  return Number(one.slice(1)) - Number(other.slice(1));
}
