import assert from 'node:assert/strict';
import { freshDatabase } from '../../../rig/lab/database.js';
import type { PerfdhcpResult } from '../../../rig/lab/perfdhcp.js';
import { requires } from '../../../rig/lab/requirements.js';
import { formatHardwareAddress } from '../../../src/base/hardware-address.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import type { Lease } from '../../../src/server/leases/lease.js';
import { leasesOf } from '../../../src/server/store/server-store.js';
import { checkChain } from '../../../src/trail/store/chain.js';
import { type LoggedPacket, requestsOf } from '../../support/packet-log.js';
import { randomFrom, runSeed } from '../../support/random.js';
import { sized } from '../../support/size.js';
import { byAddress, derivedRows, eventsIn, holderConflicts, isAcknowledged, withTrail } from './evidence.js';
import { Plant } from './plant.js';

const SEED = runSeed();
const KILLS = sized(4, 25);
/** Milliseconds; a process needs about one second to start. */
const LONGEST_LIFE = 3000;

/** When a process is killed: so long after it was started, or after it said that it is at work. */
interface Life {
  ms: number;
  fromReady: boolean;
}

describe(`${KILLS} times kill -9 of server and shipper under load (PORTLEDGER_SEED=${SEED})`, function () {
  this.timeout(60_000 + 3 * KILLS * LONGEST_LIFE);
  let plant: Plant;
  let load: PerfdhcpResult;
  let packets: LoggedPacket[];
  let events: LedgerEvent[];
  let leases: Lease[];
  let lastSequence: number;

  before(async function () {
    requires(this, 'netns', 'perfdhcp', 'tcpdump', 'mariadb');
    plant = await Plant.open();
    const run = plant.startLoad({ rate: 300, clients: 1500 });
    const random = randomFrom(SEED);
    // Drawn before, so that the seed decides them and not who is killed first
    const lives = Array.from({ length: 2 * KILLS }, (_, i) => ({ ms: random(LONGEST_LIFE), fromReady: i % 2 === 1 }));
    await Promise.all([killAgain('serve', lives.slice(0, KILLS)), killAgain('ship', lives.slice(KILLS))]);
    const server = await plant.startReady('serve');
    await pause(1000);
    load = await run.stop();
    packets = await plant.packets.stop();
    await server.stop('SIGKILL');
    await plant.installation.shipOnce('here');
    events = await eventsIn(plant.database.url);
    const reader = QueueReader.open(plant.queueFile);
    lastSequence = reader.position().last;
    leases = [...leasesOf(reader)];
    reader.close();
  });

  after(async () => {
    await plant?.remove();
  });

  async function killAgain(which: 'serve' | 'ship', lives: readonly Life[]): Promise<void> {
    for (const { ms, fromReady } of lives) {
      const program = fromReady ? await plant.startReady(which) : plant.start(which);
      await pause(ms);
      assert.equal(program.isRunning, true, `${which} ended by itself\n${program.output}`);
      await program.stop('SIGKILL');
    }
  }

  it('met a load that was worth it', () => {
    const acks = acknowledgements(packets);
    assert.ok(acks.length > 300, load.output);
    // perfdhcp ends without waiting for the last ones
    assert.ok(acks.length >= load.requestAck.received, load.output);
    const starts = events.filter(({ kind }) => kind === 'server-started');
    assert.ok(starts.length >= KILLS / 2 + 1, `${starts.length} starts`);
    console.log(`      ${acks.length} ACKs, ${events.length} events, ${starts.length} starts of the server`);
  });

  it('loses no acknowledged lease: each ACK on the cable is one event in the trail', () => {
    const recorded = new Map<string, number>();
    for (const event of events.filter(isAcknowledged)) {
      const key = `${event.xid} ${formatHardwareAddress(event.hwaddr!)} ${event.address}`;
      recorded.set(key, (recorded.get(key) ?? 0) + 1);
    }
    for (const { xid, mac, yiaddr } of acknowledgements(packets))
      assert.equal(recorded.get(`${xid} ${mac} ${yiaddr}`), 1, `ACK of ${yiaddr} to ${mac}, xid ${xid}`);
  });

  it('doubles and loses no event: sequences are 1..n, and the chain of hashes holds', () => {
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      Array.from({ length: lastSequence }, (_, i) => i + 1),
    );
    checkChain(events[0]!.queue, events);
  });

  /**
   * A server that is killed between its commit and its replies has recorded what no client was told. That is one batch at most: one
   * `at`, at the very end of what this server wrote.
   */
  it('records more than was acknowledged only by what was in flight at a kill: the last batch before it', () => {
    const requests = requestsOf(packets);
    for (const life of livesOf(events)) {
      const untold = life.filter((event) => isAcknowledged(event) && !requests.get(event.xid!)?.ack);
      const last = life.filter(({ at }) => at === life.at(-1)!.at);
      for (const event of untold) {
        assert.ok(requests.has(event.xid!), `event ${event.sequence} has no request`);
        assert.ok(last.includes(event), `event ${event.sequence} was committed before the last batch, without an ACK`);
      }
    }
  });

  it('gives no address to a second client while the lease of the first lasts', () => {
    assert.deepEqual(holderConflicts(events), []);
    const holders = new Map<string, string>();
    for (const { yiaddr, mac } of acknowledgements(packets)) {
      assert.equal(holders.get(yiaddr) ?? mac, mac, `${yiaddr} was acknowledged to two clients`);
      holders.set(yiaddr, mac);
    }
  });

  it('leaves leases in the queue that agree with the last event of each address', () => {
    const told = [...byAddress(events).values()].map((own) => own.at(-1)!);
    assert.deepEqual(
      leases
        .map(({ address, hwaddr, state, start, end }) => [
          formatIpv4(address),
          Buffer.from(hwaddr, 'latin1').toString('hex'),
          state,
          start,
          end,
        ])
        .sort(),
      told
        .map(({ address, hwaddr, leaseStart, leaseEnd }) => [
          address,
          Buffer.from(hwaddr!).toString('hex'),
          'active',
          leaseStart,
          leaseEnd,
        ])
        .sort(),
    );
  });

  it('records each time without a server as a gap', async () => {
    const starts = events.filter(({ kind, leaseStart }) => kind === 'server-started' && leaseStart !== null);
    const gaps = await withTrail(plant.database.url, (trail) => trail.knex('gaps').where('kind', 'server-down'));
    assert.equal(starts.length, events.filter(({ kind }) => kind === 'server-started').length - 1);
    assert.deepEqual(
      gaps.map(({ sequence }) => sequence),
      starts.map(({ sequence }) => sequence),
    );
  });

  it('leaves the sightings that the same events give when they come all at once', async () => {
    const other = await freshDatabase();
    try {
      const once = await withTrail(other.url, async (trail) => {
        await trail.migrate();
        await trail.append({ queue: events[0]!.queue, server: 'dhcp-a', events });
        return await derivedRows(trail);
      });
      assert.deepEqual(await withTrail(plant.database.url, derivedRows), once);
    } finally {
      await other.drop();
    }
  });
});

function acknowledgements(packets: readonly LoggedPacket[]): LoggedPacket[] {
  return [...requestsOf(packets).values()].flatMap(({ ack }) => ack ?? []);
}

/** The events of each run of the server: from its start to its end. */
function livesOf(events: readonly LedgerEvent[]): LedgerEvent[][] {
  const lives: LedgerEvent[][] = [];
  for (const event of events) {
    if (event.kind === 'server-started') lives.push([]);
    lives.at(-1)!.push(event);
  }
  return lives;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
