import assert from 'node:assert/strict';
import type { Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { leasesOf } from '../../../src/server/store/server-store.js';
import { SmallDisk } from '../../support/small-disk.js';
import { Bench, logged } from './bench.js';
import { eventsIn, isAcknowledged, withTrail } from './evidence.js';

const DISK_BYTES = 4 * 1024 * 1024;
describe('A disk that is full under the queue', function () {
  this.timeout(60_000);
  let bench: Bench;
  let disk: SmallDisk;
  let server: Program;
  /** Addresses acknowledged so far, by client. */
  let acknowledged: Map<string, string>;
  let clients: number;

  before(function () {
    requires(this, 'root');
  });

  beforeEach(async () => {
    bench = await Bench.open();
    disk = new SmallDisk(`${bench.folder}/disk`, DISK_BYTES);
    acknowledged = new Map();
    clients = 0;
  });

  afterEach(async () => {
    await server?.stop('SIGKILL');
    disk.remove();
    await bench.remove();
  });

  async function serve(onFailure: 'refuse' | 'serve'): Promise<void> {
    bench.queueFile = `${disk.folder}/dhcp-a.queue`;
    bench.installation.configure(bench.config({ queue: { 'on-failure': onFailure } }));
    server = await bench.serve();
  }

  /** Another client asks for a lease, once. */
  async function newClient(withinMs = 3000): Promise<string | undefined> {
    const mac = `02beef${(++clients).toString(16).padStart(6, '0')}`;
    const ack = await bench.relay.lease({ mac }, withinMs);
    if (ack) acknowledged.set(mac, formatIpv4(ack.yiaddr));
    return ack && mac;
  }

  /** New clients ask until the server says that it cannot write. */
  async function askUntilFull(): Promise<void> {
    await until('failed write', async () => {
      await newClient(500);
      return logged(server, 'queue-write-failed').length > 0;
    });
  }

  /** In the queue's leases there is what every client was told. */
  function assertLeasesKept(): void {
    const leases = bench.inQueue((reader) => [...leasesOf(reader)]);
    const stored = new Map(
      leases.map(({ hwaddr, address }) => [Buffer.from(hwaddr, 'latin1').toString('hex'), formatIpv4(address)]),
    );
    for (const [mac, address] of acknowledged) assert.equal(stored.get(mac), address, mac);
  }

  it('refuse: no client gets an ACK that is not recorded; it goes on when there is space, and tells the gap', async () => {
    await serve('refuse');
    for (let i = 0; i < 5; i++) assert.ok(await newClient(), server.output);
    disk.fill();
    await askUntilFull();
    const before = acknowledged.size;
    for (let i = 0; i < 3; i++) assert.equal(await newClient(300), undefined, 'an ACK without a record');
    assert.equal(acknowledged.size, before);
    assert.equal(server.isRunning, true);
    disk.free();
    await until('recovery', () => newClient(500), { detail: () => server.output });
    await until('recovery in the log', () => logged(server, 'queue-recovered').length === 1);
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.output);
    assertLeasesKept();
    assert.equal((await bench.run('ship', '--once')).code, 0);
    const events = await eventsIn(bench.trailUrl);
    const recorded = new Map(
      events.filter(isAcknowledged).map(({ hwaddr, address }) => [Buffer.from(hwaddr!).toString('hex'), address]),
    );
    assert.deepEqual(recorded, acknowledged, 'exactly what was acknowledged is in the trail');
    const refused = events.filter(({ kind }) => kind === 'queue-refused');
    assert.match(
      refused.map(({ detail }) => detail).join(),
      /^queue not writable: [1-9]\d* requests refused, 0 answered/,
    );
    const gaps = await withTrail(bench.trailUrl, (trail) => trail.knex('gaps').where('kind', 'queue-refused'));
    assert.deepEqual(
      gaps.map(({ sequence }) => sequence),
      refused.map(({ sequence }) => sequence),
    );
  });

  it('serve: clients are answered, and leases and the gap are recorded when there is space', async () => {
    await serve('serve');
    for (let i = 0; i < 5; i++) assert.ok(await newClient(), server.output);
    disk.fill();
    await askUntilFull();
    for (let i = 0; i < 3; i++) assert.ok(await newClient(), 'no answer though told to serve');
    disk.free();
    await until('recovery', () => logged(server, 'queue-recovered').length === 1, { detail: () => server.output });
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.output);
    assertLeasesKept();
    assert.equal((await bench.run('ship', '--once')).code, 0);
    const events = await eventsIn(bench.trailUrl);
    const recorded = events.filter(isAcknowledged).length;
    const [refused] = events.filter(({ kind }) => kind === 'queue-refused');
    const answered = Number(/ 0 requests refused, (\d+) answered without a record$/.exec(refused?.detail ?? '')?.[1]);
    assert.equal(recorded + answered, acknowledged.size, 'every ACK is an event or counted in the gap');
    const gaps = await withTrail(bench.trailUrl, (trail) => trail.knex('gaps').where('kind', 'queue-refused'));
    assert.equal(gaps.length, 1);
  });

  it('kill -9 with a full disk loses nothing that was acknowledged', async () => {
    await serve('refuse');
    for (let i = 0; i < 5; i++) assert.ok(await newClient(), server.output);
    disk.fill();
    await askUntilFull();
    await server.stop('SIGKILL');
    disk.free();
    server = await bench.serve();
    assert.ok(await newClient(), server.output);
    await server.stop();
    assertLeasesKept();
    const recorded = bench.events().filter(isAcknowledged);
    for (const [mac, address] of acknowledged) {
      const own = recorded.filter(({ hwaddr }) => Buffer.from(hwaddr!).toString('hex') === mac);
      assert.deepEqual(
        own.map((event) => event.address),
        [address],
      );
    }
  });
});
