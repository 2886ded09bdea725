import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type PrivateDatabase, startMariadb } from '../../../rig/lab/database.js';
import { Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import { fromSqlTime } from '../../../src/base/time.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { type Heard, PersistentRelay } from './persistent-relay.js';
import { FaultProxy } from './proxy.js';
import { type Range, type Stay, staysOf } from './stays.js';

const NIGHTLY = process.env.PORTLEDGER_SIZE === 'nightly';
const FAULTS = NIGHTLY ? 500 : 40;
const CLIENTS = 30;
const PORTS = 4;
/** Seconds that leases last: longer than a client ever waits for an answer, so that it is clear what had ended by then. */
const LEASE_SECONDS = 12;
const LEASE = LEASE_SECONDS * 1_000_000;
/** Few, so that they change hands. */
const POOL = '127.77.1.0-127.77.1.37';
const [SERVER, RELAY] = ['127.76.54.32', '127.77.0.2'];
const SEED = Number(process.env.PORTLEDGER_SEED ?? Date.now() % 0x1_0000_0000);
/** The clocks of the test and the server are one, but the test's counts only milliseconds. */
const CLOCK_STEP = 1000;

/** Integers from 0 to below the bound, the same for the same seed. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * bound);
  };
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

function isWithin(at: string, [from, to]: Range): boolean {
  const micros = fromSqlTime(at);
  return micros >= from - CLOCK_STEP && micros <= to + CLOCK_STEP;
}

describe(`${FAULTS} random faults under load (PORTLEDGER_SEED=${SEED})`, function () {
  this.timeout(NIGHTLY ? 3_600_000 : 240_000);
  const random = randomFrom(SEED);
  const injected = new Map<string, number>();
  let folder: string;
  let database: PrivateDatabase;
  let proxy: FaultProxy;
  let installation: Installation;
  let relay: PersistentRelay;
  let server: Program;
  let shipper: Program;
  let clients: Promise<void>[] = [];
  let stopping = false;

  before(async function () {
    requires(this, 'mariadb');
    folder = makeTempDir();
    database = await startMariadb({ durable: false });
    proxy = await FaultProxy.start(database.port);
    relay = await PersistentRelay.open(RELAY!, SERVER!);
    installation = new Installation(folder, {
      server: {
        name: 'dhcp-a',
        listen: [{ address: SERVER, port: relay.port }],
        'trusted-relays': ['127.77.0.0/24'],
        'lease-time': LEASE_SECONDS,
        'offer-time': 2,
        'decline-time': 3,
        subnets: [{ subnet: '127.77.0.0/16', pools: [POOL] }],
      },
      queue: { file: join(folder, 'dhcp-a.queue') },
      audit: { url: database.url.replace(`:${database.port}/`, `:${proxy.port}/`), 'batch-size': 20 },
      log: { format: 'json' },
    });
    await installation.start('here', 'migrate').succeed();
    server = await installation.serve('here');
    shipper = await installation.ship('here');
    clients = Array.from({ length: CLIENTS }, (_, i) => wander(i));
  });

  after(async () => {
    stopping = true;
    for (const program of [server, shipper]) if (program) await program.stop('SIGKILL');
    relay?.close();
    await proxy?.close();
    await database?.remove();
    removeTempDir(folder);
  });

  /** A client that goes from port to port until the end of the test, and now and then gives up its address, or is away for long. */
  async function wander(number: number): Promise<void> {
    const mac = `02:00:00:00:01:${number.toString(16).padStart(2, '0')}`;
    while (!stopping) {
      const had = await relay.visit(mac, `port-${random(PORTS)}`);
      const what = random(40);
      if (what < 4) await relay.giveUp(had, 'released');
      else if (what < 6) await relay.giveUp(had, 'declined');
      if (what !== 6) await pause(20 + random(100));
      else await pauseUntil(had.answered + LEASE + 300_000);
    }
  }

  async function pauseUntil(micros: number): Promise<void> {
    while (!stopping && Date.now() * 1000 < micros) await pause(100);
  }

  const start = (which: 'serve' | 'ship'): Program => installation.start('here', which);

  async function freeze(pid: number): Promise<void> {
    process.kill(pid, 'SIGSTOP');
    await pause(50 + random(500));
    process.kill(pid, 'SIGCONT');
  }

  /** Neither of them may end by itself, whatever is done to the others. */
  async function freezeProgram(program: Program): Promise<void> {
    try {
      await freeze(program.pid);
    } catch (error) {
      throw new Error(`A program has ended by itself:\n${program.output}`, { cause: error });
    }
  }

  const faults: Readonly<Record<string, () => Promise<void>>> = {
    'kill -9 of the server': async () => {
      await server.stop('SIGKILL');
      server = start('serve');
    },
    'kill -9 of the shipper': async () => {
      await shipper.stop('SIGKILL');
      shipper = start('ship');
    },
    'kill -9 of the database': async () => {
      await database.kill9();
      await database.start();
    },
    'pause of the server': async () => await freezeProgram(server),
    'pause of the shipper': async () => await freezeProgram(shipper),
    'pause of the database': async () => await freeze(database.pid),
    'cut connection': async () => proxy.cut(),
  };

  async function inject(): Promise<void> {
    const names = Object.keys(faults);
    const name = names[random(names.length)]!;
    injected.set(name, (injected.get(name) ?? 0) + 1);
    await faults[name]!();
    await pause(random(NIGHTLY ? 1500 : 800));
  }

  it('change nothing: the trail verifies, and holds what the clients were told', async () => {
    for (let i = 0; i < FAULTS; i++) await inject();
    stopping = true;
    await Promise.all(clients);
    for (const program of [server, shipper]) await program.stop('SIGTERM', 60_000);
    await installation.shipOnce('here');
    console.log(`      ${[...injected].map(([name, count]) => `${count} x ${name}`).join(', ')}`);
    console.log(`      ${relay.sent} requests: ${countsOf(relay.heard)}`);
    await assertVerified();
    const trail = await Trail.open(database.url);
    await assertWhole(trail);
    await assertAsHeard(trail, relay.heard);
    // One word misheard by one client would be noticed, whatever it was about.
    for (const mistake of misheard(relay.heard))
      await assert.rejects(assertAsHeard(trail, mistake), assert.AssertionError);
    await trail.close();
  });

  /** The same with one word wrong in each. */
  function misheard(heard: readonly Heard[]): Heard[][] {
    const { unclear } = staysOf(heard, LEASE);
    const pick = (what: Heard['what']): number => {
      const places = heard.flatMap((one, i) => (one.what === what && !unclear.has(one.address) ? [i] : []));
      return places[random(places.length)]!;
    };
    const [acknowledged, released, declined] = [pick('acknowledged'), pick('released'), pick('declined')];
    return [
      heard.with(acknowledged, { ...heard[acknowledged]!, circuitId: 'another' }),
      heard.with(released, { ...heard[released]!, what: 'declined' }),
      heard.toSpliced(declined, 1),
    ];
  }

  function countsOf(heard: readonly Heard[]): string {
    const { stays, unclear } = staysOf(heard, LEASE);
    const ends = new Map<string, number>();
    for (const { end } of [...stays.values()].flat()) {
      const name = end?.reason ?? 'not ended by the client';
      ends.set(name, (ends.get(name) ?? 0) + 1);
    }
    const words = [...ends].map(([name, count]) => `${count} ${name}`).join(', ');
    return `${heard.length} known, ${stays.size} addresses (${unclear.size} more unclear) with stays: ${words}`;
  }

  async function assertVerified(): Promise<void> {
    const key = join(folder, 'dhcp-a.queue.key.pub');
    const { code, stdout, stderr } = await installation.run('here', 'verify', '--public-key', key);
    assert.equal(code, 0, stdout + stderr);
  }

  async function assertWhole(trail: Trail): Promise<void> {
    const sequences: number[] = await trail.knex('events').pluck('sequence').orderBy('sequence');
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => i + 1),
    );
    assert.deepEqual(await trail.knex('queues').pluck('sequence'), [sequences.length]);
  }

  /** The sightings are those that the packets call for: no more, no fewer, at the right times. */
  async function assertAsHeard(trail: Trail, heard: readonly Heard[]): Promise<void> {
    const { stays, unclear } = staysOf(heard, LEASE);
    assert.ok(unclear.size <= stays.size / 4, `${unclear.size} addresses are unclear, ${stays.size} are not`);
    for (const [address, expected] of stays) await assertStays(trail, address, expected);
    const known = await trail.knex('sightings').distinct('ip').pluck('ip');
    assert.deepEqual(known.filter((ip) => !unclear.has(ip)).sort(), [...stays.keys()].sort());
  }

  async function assertStays(trail: Trail, address: string, expected: readonly Stay[]): Promise<void> {
    const rows = await trail
      .knex('sightings')
      .join('ports', 'ports.port_id', 'sightings.port_id')
      .select('mac', 'name', 'first_seen', 'last_seen', 'ended_at', 'end_reason')
      .where('ip', address)
      .orderBy('first_seen');
    assert.deepEqual(
      rows.map((row) => [row.mac, row.name]),
      expected.map((stay) => [stay.mac, stay.circuitId]),
      address,
    );
    rows.forEach((row, i) => {
      const { opened, lastSeen, end, lease } = expected[i]!;
      assert.ok(isWithin(row.first_seen, opened), `${address} first seen ${row.first_seen}`);
      assert.ok(isWithin(row.last_seen, lastSeen), `${address} last seen ${row.last_seen}`);
      // The last stay of an address may still have its lease, and an expiry may not have been told yet.
      if (end === null && row.end_reason === null && i === rows.length - 1) return;
      const [reason, at] = end === null ? ['expired', lease] : [end.reason, end.at];
      assert.equal(row.end_reason, reason, `${address} ended ${row.ended_at}`);
      assert.ok(isWithin(row.ended_at, at as Range), `${address} ended ${row.ended_at}`);
    });
  }
});
