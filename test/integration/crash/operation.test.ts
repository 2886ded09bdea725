import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { until } from '../../../rig/lab/until.js';
import { Sqlite } from '../../../src/base/sqlite.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { Bench, errorLines, logged } from './bench.js';
import { eventsIn } from './evidence.js';

const MAC = '02beef000001';

describe('Server and shipper in operation', function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(async () => {
    await bench.remove();
  });

  /** Changes a file that belongs to somebody else, as a newer version of the program would. */
  function edit(file: string, statement: string): void {
    const db = new Sqlite(file);
    db.exec(statement);
    db.close();
  }

  it('SIGTERM while the server starts ends it cleanly, as if it had come later', async () => {
    const server = bench.start('serve');
    await until('queue that is opened', () => existsSync(`${bench.queueFile}.serve.lock`), { withinMs: 20_000 });
    assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null }, server.output);
    assert.deepEqual(
      bench.events().map(({ kind }) => kind),
      ['server-started', 'server-stopped'],
    );
  });

  it('SIGHUP while the server starts re-reads the configuration once it runs', async () => {
    const server = bench.start('serve');
    await until('queue that is opened', () => existsSync(`${bench.queueFile}.serve.lock`), { withinMs: 20_000 });
    server.signal('SIGHUP');
    await server.waitFor(/config-loaded/);
    assert.ok(await bench.relay.lease({ mac: MAC }));
  });

  it('SIGHUP with a good configuration puts it in force and keeps every lease', async () => {
    const server = await bench.serve();
    const before = await bench.relay.lease({ mac: MAC });
    bench.installation.configure(bench.config({ server: { 'lease-time': '2h' } }));
    server.signal('SIGHUP');
    await server.waitFor(/config-loaded/);
    const after = await bench.relay.lease({ mac: MAC });
    assert.equal(after?.yiaddr, before?.yiaddr);
    assert.equal(after?.options.get(51)?.readUInt32BE(), 7200);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  it('warns at the start and at a reload of relays that are trusted where clients are', async () => {
    const server = await bench.serve();
    assert.deepEqual(logged(server, 'trusted-relays-overlap-pool'), []);
    bench.installation.configure(bench.config({ server: { 'trusted-relays': ['127.77.0.0/16'] } }));
    server.signal('SIGHUP');
    await server.waitFor(/trusted-relays-overlap-pool/);
    await server.stop();
    const next = await bench.serve();
    await next.waitFor(/trusted-relays-overlap-pool/);
    const { fields } = logged(next, 'trusted-relays-overlap-pool')[0]!;
    assert.deepEqual([fields.count, fields.pool], [1, '127.77.16.0-127.77.31.255']);
    await next.stop();
  });

  it('SIGHUP with a bad configuration names every fault and keeps the old one in force', async () => {
    const server = await bench.serve();
    const before = await bench.relay.lease({ mac: MAC });
    bench.installation.configure(
      bench.config({ server: { 'lease-time': '-2h', authoritative: 'perhaps' }, queue: { 'on-failure': 'shrug' } }),
    );
    server.signal('SIGHUP');
    await until('three faults', () => logged(server, 'config-fault').length === 3, { detail: () => server.output });
    const told = logged(server, 'config-fault').map(({ message }) => message);
    for (const path of ['server.lease-time', 'server.authoritative', 'queue.on-failure'])
      assert.equal(told.filter((fault) => fault.includes(path)).length, 1, told.join('\n'));
    assert.equal(logged(server, 'config-refused')[0]?.fields.count, 3);
    const after = await bench.relay.lease({ mac: MAC });
    assert.equal(after?.yiaddr, before?.yiaddr);
    assert.equal(after?.options.get(51)?.readUInt32BE(), 3600);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  it('a configuration that cannot be put in force is refused at SIGHUP, and the old one kept', async () => {
    const server = await bench.serve();
    bench.installation.configure(bench.config({ server: { name: 'dhcp-b' } }));
    server.signal('SIGHUP');
    await server.waitFor(/reload-refused/);
    assert.ok(await bench.relay.lease({ mac: MAC }));
  });

  it('a second server on a queue is refused with exit code 2, and the first does not notice', async () => {
    const server = await bench.serve();
    const second = await bench.run('serve');
    assert.equal(second.code, 2, second.stderr);
    assert.match(errorLines(second).join('\n'), /^error: Another server already runs on this queue[^\n]*$/);
    assert.ok(await bench.relay.lease({ mac: MAC }));
    await server.stop();
    assert.deepEqual(
      bench.events().map(({ kind }) => kind),
      ['server-started', 'granted', 'server-stopped'],
    );
  });

  it('a second shipper on a queue is refused with exit code 2, and the first goes on', async () => {
    const server = await bench.serve();
    const shipper = bench.start('ship');
    await shipper.waitFor(/ship-started/, 20_000);
    for (const args of [['ship'], ['ship', '--once']]) {
      const second = await bench.run(...args);
      assert.equal(second.code, 2, second.stderr);
      assert.match(errorLines(second).join('\n'), /^error: Another shipper already runs on this queue[^\n]*$/);
    }
    await bench.relay.lease({ mac: MAC });
    await until('shipped lease', async () => (await eventsIn(bench.trailUrl)).some(({ kind }) => kind === 'granted'));
    assert.deepEqual(await shipper.stop(), { code: 0, signal: null });
    await server.stop();
  });

  it('ship --once on a database that does not answer ends with exit code 3 and one error', async () => {
    await bench.serveBriefly();
    bench.installation.configure(bench.config({ audit: { url: 'mysql://nobody:verysecret@127.0.0.1:1/none' } }));
    const result = await bench.run('ship', '--once');
    assert.equal(result.code, 3, result.stderr);
    assert.equal(errorLines(result).length, 1, result.stderr);
    assert.match(errorLines(result)[0]!, /127\.0\.0\.1:1\b.*cannot be opened/);
    assert.doesNotMatch(result.stderr + result.stdout, /verysecret|^\s+at /m);
    assert.deepEqual(
      bench.events().map(({ kind }) => kind),
      ['server-started', 'server-stopped'],
    );
  });

  it('refuses a trail of a newer version, with exit code 2 and one error, and loses nothing', async () => {
    await bench.serveBriefly();
    assert.equal((await bench.run('ship', '--once')).code, 0);
    edit(`${bench.folder}/audit.db`, 'UPDATE trail_state SET schema_version = 99');
    await bench.serveBriefly();
    const kept = bench.events().length;
    const result = await bench.run('ship', '--once');
    assert.equal(result.code, 2, result.stderr);
    assert.match(
      errorLines(result).join('\n'),
      /^error: The trail has schema version 99, this program knows only \d+ [^\n]*$/,
    );
    assert.equal(bench.events().length, kept);
    edit(`${bench.folder}/audit.db`, 'UPDATE trail_state SET schema_version = 1');
    assert.equal((await bench.run('ship', '--once')).code, 0);
    assert.equal((await eventsIn(bench.trailUrl)).length, 4);
  });

  it('refuses a queue file of a newer version in server and shipper, with exit code 2', async () => {
    await bench.serveBriefly();
    edit(bench.queueFile, 'PRAGMA user_version = 99');
    for (const args of [['serve'], ['ship', '--once']]) {
      const result = await bench.run(...args);
      assert.equal(result.code, 2, result.stderr);
      assert.match(errorLines(result).join('\n'), /^error: Queue \S+ has schema 99, this Portledger knows \d+ [^\n]*$/);
    }
  });

  it('refuses to start on a port that another program has, with exit code 2, and leaves the queue free', async () => {
    const server = await bench.serve();
    bench.installation.configure(bench.config({ queue: { file: `${bench.folder}/other.queue` } }));
    const second = await bench.run('serve');
    assert.equal(second.code, 2, second.stderr);
    assert.match(errorLines(second).join('\n'), /^error: Another program listens on [^\n]*$/);
    await server.stop();
    const third = await bench.serve();
    assert.equal(formatIpv4((await bench.relay.lease({ mac: MAC }))!.yiaddr), '127.77.16.0');
    await third.stop();
  });
});
