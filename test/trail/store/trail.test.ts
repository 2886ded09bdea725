import assert from 'node:assert/strict';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import { toSqlTime } from '../../../src/base/time.js';
import { chainHash, encodeEvent, genesisHash } from '../../../src/ledger/event/encoding.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { BrokenChainError, TrailMismatchError } from '../../../src/trail/store/errors.js';
import { EVENT_COLUMNS, rowToEvent } from '../../../src/trail/store/event-rows.js';
import { namingOf } from '../../../src/trail/store/naming.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../../src/trail/store/sighting-rows.js';
import type { Trail } from '../../../src/trail/store/trail.js';
import { draft, NOON, queueOf, SECOND, sealAll } from './campus.js';

const QUEUE_B = 'bbbbbbbb-2222-4222-8222-222222222222';
const DAY = 86_400;

async function count(trail: Trail, table: string): Promise<number> {
  const row = await trail.knex(table).count({ n: '*' }).first();
  return Number(row?.n);
}

/** Many renewals of a few clients that both queues share, with skewed clocks. */
function busyQueue(queue: string, server: string, skew: number, length: number): LedgerEvent[] {
  return sealAll(
    queue,
    Array.from({ length }, (_, i) => {
      const at = NOON + skew + i * SECOND;
      const client = i % 7;
      return {
        at,
        draft: draft(i % 11 === 0 ? 'granted' : 'renewed', {
          server,
          address: `10.0.0.${client}`,
          hwaddr: Buffer.from([2, 0, 0, 0, 0, client]),
          circuitId: Buffer.from(`p${Math.floor(i / 50)}`),
          leaseEnd: at + 60 * SECOND,
        }),
      };
    }),
  );
}

async function storedSightings(trail: Trail): Promise<unknown[][]> {
  const rows = await trail
    .knex('sightings')
    .select(SIGHTING_COLUMNS)
    .orderBy(['first_seen', 'opened_queue', 'opened_sequence']);
  return rows.map((row) => SIGHTING_COLUMNS.map((column) => row[column]));
}

onEveryDatabase('The trail', (current, database) => {
  it('keeps a batch: events, places, sightings and the position of the queue', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
    ]);
    const result = await ship(trail, events);
    assert.deepEqual([result.appended, result.skipped, result.sequence], [2, 0, 2]);
    assert.deepEqual(await trail.position(events[0]!.queue), {
      sequence: 2,
      hash: Buffer.from(events[1]!.hash),
      lastAt: events[1]!.at,
    });
    assert.deepEqual(
      await Promise.all(['events', 'switches', 'ports', 'sightings', 'gaps'].map((t) => count(trail, t))),
      [2, 1, 1, 1, 0],
    );
  });

  it('knows no position of a queue that it never saw', async () => {
    assert.equal(await current().trail.position(QUEUE_B), undefined);
  });

  it('G10: takes a batch again without doubling anything, whole or with new events behind it', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
      [60, 'released'],
    ]);
    await ship(trail, events.slice(0, 2));
    const again = await ship(trail, events.slice(0, 2));
    assert.deepEqual([again.appended, again.skipped, again.sequence], [0, 2, 2]);
    const more = await ship(trail, events);
    assert.deepEqual([more.appended, more.skipped, more.sequence], [1, 2, 3]);
    assert.deepEqual(await storedSightings(trail), fold(events).map(sightingToRow));
  });

  it('G10: leaves nothing of a batch that fails half way', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed', { circuitId: Buffer.from('p2') }],
    ]);
    await trail.knex.schema.renameTable('sightings', 'hidden');
    await assert.rejects(ship(trail, events));
    await trail.knex.schema.renameTable('hidden', 'sightings');
    assert.deepEqual(
      await Promise.all(['events', 'switches', 'ports', 'queues'].map((t) => count(trail, t))),
      [0, 0, 0, 0],
    );
    await ship(trail, events);
    assert.deepEqual(
      await Promise.all(['events', 'switches', 'ports', 'queues'].map((t) => count(trail, t))),
      [2, 1, 2, 1],
    );
  });

  it('P4: holds columns from which the chain can be computed again', async () => {
    const { trail } = current();
    const events = busyQueue(QUEUE_B, 'dhcp-b', 0, 40);
    await ship(trail, events);
    let hash = genesisHash(QUEUE_B);
    for (const row of await trail
      .knex('events')
      .select(EVENT_COLUMNS as string[])
      .orderBy('sequence')) {
      const event = rowToEvent(row);
      hash = chainHash(hash, encodeEvent(event));
      assert.deepEqual(Buffer.from(event.hash), hash);
    }
    assert.deepEqual(hash, Buffer.from(events.at(-1)!.hash));
  });

  it('refuses events that are not a chain', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
    ]);
    const forged = [events[0]!, { ...events[1]!, address: '10.0.0.9' }];
    await assert.rejects(ship(trail, forged), BrokenChainError);
    assert.equal(await count(trail, 'events'), 0);
  });

  it('refuses a queue with another past, and records the gap once', async () => {
    const { trail } = current();
    await ship(
      trail,
      queueOf([
        [0, 'granted'],
        [50, 'renewed'],
      ]),
    );
    const other = queueOf([
      [0, 'granted'],
      [60, 'renewed'],
      [70, 'renewed'],
    ]);
    for (const attempt of [other, other, other.slice(2)])
      await assert.rejects(ship(trail, attempt), TrailMismatchError);
    assert.equal(await count(trail, 'events'), 2);
    const gaps = await trail.knex('gaps').select('sequence', 'kind', 'gap_from', 'gap_until').orderBy('sequence');
    const gap = { kind: 'queue-mismatch', gap_from: toSqlTime(NOON + 50 * SECOND), gap_until: null };
    assert.deepEqual(gaps, [
      { sequence: 2, ...gap },
      { sequence: 3, ...gap },
    ]);
  });

  it('refuses a hole in the sequence', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
      [60, 'renewed'],
    ]);
    await ship(trail, events.slice(0, 1));
    await assert.rejects(ship(trail, events.slice(2)), /events 2 to 2 are missing/);
  });

  it('refuses a queue that ends before the trail does', async () => {
    const { trail } = current();
    const events = queueOf([
      [0, 'granted'],
      [50, 'renewed'],
    ]);
    await ship(trail, events);
    const queue = { uuid: events[0]!.queue, server: 'dhcp-a' };
    await trail.checkQueue({ ...queue, shipped: 2, last: 2 });
    await assert.rejects(trail.checkQueue({ ...queue, shipped: 1, last: 1 }), TrailMismatchError);
    assert.equal(await count(trail, 'gaps'), 1);
  });

  it('says that it was set back itself if it lacks what was shipped to it', async () => {
    const { trail } = current();
    const queue = { uuid: queueOf([[0, 'granted']])[0]!.queue, server: 'dhcp-a' };
    const isItself = (lacks: RegExp) => (error: unknown) => {
      assert.ok(error instanceof TrailMismatchError);
      assert.match(error.message, lacks);
      assert.match(error.hint ?? '', /^the trail was restored from a backup, removed, or is another one/);
      return true;
    };
    await assert.rejects(
      trail.checkQueue({ ...queue, shipped: 1, last: 1 }),
      isItself(/the trail lacks event 1, which was shipped before/),
    );
    await ship(trail, queueOf([[0, 'granted']]));
    await trail.checkQueue({ ...queue, shipped: 1, last: 5 });
    await trail.checkQueue({ ...queue, shipped: 0, last: 5 });
    await assert.rejects(
      trail.checkQueue({ ...queue, shipped: 3, last: 5 }),
      isItself(/lacks events 2 to 3, which were shipped before/),
    );
    const gaps = await trail.knex('gaps').orderBy('sequence').select('kind', 'sequence');
    assert.deepEqual(
      gaps.map(({ kind, sequence }) => [kind, Number(sequence)]),
      [
        ['queue-mismatch', 1],
        ['queue-mismatch', 2],
      ],
    );
  });

  it('keeps the gaps that a server tells of, with their spans', async () => {
    const { trail } = current();
    const span = { address: null, leaseStart: NOON, leaseEnd: NOON + 5 * SECOND };
    const events = queueOf([
      [10, 'server-started', { ...span, leaseStart: null, leaseEnd: null }],
      [20, 'server-started', { ...span, detail: 'unclean end' }],
      [30, 'clock-stepped', span],
      [40, 'queue-refused', span],
    ]);
    await ship(trail, events);
    const rows = await trail.knex('gaps').select('kind', 'gap_from', 'gap_until', 'detail').orderBy('sequence');
    const times = { gap_from: toSqlTime(NOON), gap_until: toSqlTime(NOON + 5 * SECOND) };
    assert.deepEqual(rows, [
      { kind: 'server-down', ...times, detail: 'unclean end' },
      { kind: 'clock-stepped', ...times, detail: null },
      { kind: 'queue-refused', ...times, detail: null },
    ]);
  });

  it('G6: two shippers never make two ids for one value', async function () {
    this.timeout(60_000);
    const { trail, open } = current();
    const other = await open();
    const batches = [
      busyQueue(QUEUE_B, 'dhcp-b', 300_000, 300),
      busyQueue(queueOf([[0, 'granted']])[0]!.queue, 'dhcp-a', 0, 300),
    ];
    const batchOf = (queue: number, from: number) => batches[queue]!.slice(from, from + 20);
    if (database !== 'SQLite') {
      const work = [trail, other].map(async (one, i) => {
        for (let from = 0; from < 300; from += 20) await ship(one, batchOf(i, from));
      });
      await Promise.all(work);
    } else {
      // SQLite waits for a lock without letting the other connection of this process go on.
      for (let from = 0; from < 300; from += 20) {
        await ship(trail, batchOf(0, from));
        await ship(other, batchOf(1, from));
      }
    }
    assert.deepEqual([await count(trail, 'switches'), await count(trail, 'ports')], [1, 6]);
    assert.deepEqual(await storedSightings(trail), fold(batches.flat()).map(sightingToRow));
  });

  it('G4: keeps ports apart whose circuit-ids look the same as text', async () => {
    const { trail } = current();
    const ids = [
      Buffer.from('p1'),
      Buffer.from('p1\0'),
      Buffer.from('0x7031'),
      Buffer.from([0x70, 0x31, 0x20]),
      null,
      Buffer.alloc(0),
    ];
    await ship(trail, queueOf(ids.map((circuitId, i) => [i, 'renewed', { circuitId }] as const)));
    const rows = await trail.knex('port_history').select('circuit_id').orderBy('first_seen');
    assert.deepEqual(
      rows.map((row) => row.circuit_id),
      ids,
    );
    assert.equal(await count(trail, 'ports'), ids.length);
  });

  it('G5: shows identifiers of the greatest length whole', async () => {
    const { trail } = current();
    const longest = Buffer.alloc(255, 0xfe);
    await ship(
      trail,
      queueOf([[0, 'granted', { circuitId: longest, remoteId: longest, clientId: longest, hostname: longest }]]),
    );
    const row = await trail.knex('port_history').first();
    assert.deepEqual([row.remote_id, row.circuit_id], [longest, longest]);
    assert.equal(row.client_id, `0x${longest.toString('hex')}`);
    assert.equal(row.port_name, row.client_id);
    assert.equal(row.hostname, '\\xfe'.repeat(255));
  });

  it('G7: works whatever numbers identities come out as', async () => {
    const { trail } = current();
    const steps = Array.from(
      { length: 300 },
      (_, i) => [i, 'renewed', { circuitId: Buffer.from([0, 0, i >> 8, i & 255]) }] as const,
    );
    await ship(trail, queueOf(steps));
    assert.equal(await count(trail, 'ports'), 300);
    assert.equal(await count(trail, 'port_history'), 300);
  });

  it('G8: gives the same sightings whichever server ships first, a week apart', async () => {
    const { trail, url } = current();
    const early = busyQueue(QUEUE_B, 'dhcp-b', -7 * DAY * SECOND, 80);
    const late = busyQueue(queueOf([[0, 'granted']])[0]!.queue, 'dhcp-a', 0, 80);
    await ship(trail, late);
    await ship(trail, early);
    assert.deepEqual(await storedSightings(trail), fold([...early, ...late]).map(sightingToRow), url);
  });

  it('G9: shows the new holder alone at the moment of a change', async () => {
    const { trail } = current();
    const second = { hwaddr: Buffer.from('020000000002', 'hex') };
    await ship(
      trail,
      queueOf([
        [0, 'granted'],
        [30, 'granted', second],
      ]),
    );
    const at = toSqlTime(NOON + 30 * SECOND);
    const holders = await trail
      .knex('port_history')
      .where('ip', '10.0.0.7')
      .where('first_seen', '<=', at)
      .where((open) =>
        open.where('ended_at', '>', at).orWhere((none) => none.whereNull('ended_at').where('lease_until', '>', at)),
      )
      .select('mac');
    // NOON may be in the past or in the future of this machine's clock; either way one client holds the address then.
    assert.deepEqual(holders, [{ mac: '02:00:00:00:00:02' }]);
  });

  it('G11: keeps times in UTC through the hours that local clocks show twice', async () => {
    const { trail } = current();
    const before = Date.UTC(2026, 9, 25, 0, 30) * 1000; // 02:30 in Berlin, for the first time
    const after = before + 3600 * SECOND; // 02:30 in Berlin, for the second time
    const drafts = [before, after].map((at) => ({ at, draft: draft('renewed', { leaseEnd: at + 60 * SECOND }) }));
    await ship(trail, sealAll(QUEUE_B, drafts));
    const rows = await trail.knex('port_history').select('first_seen', 'lease_until').orderBy('first_seen');
    assert.deepEqual(rows, [
      { first_seen: '2026-10-25 00:30:00.000000', lease_until: '2026-10-25 00:31:00.000000' },
      { first_seen: '2026-10-25 01:30:00.000000', lease_until: '2026-10-25 01:31:00.000000' },
    ]);
  });

  it('shows an open sighting past its lease as expired, and one within it as open', async () => {
    const { trail } = current();
    const now = Date.now() * 1000;
    const drafts = [-3600, -10].map((ago, i) => {
      const at = now + ago * SECOND;
      return { at, draft: draft('granted', { address: `10.0.0.${i}`, leaseEnd: at + 600 * SECOND }) };
    });
    await ship(trail, sealAll(QUEUE_B, drafts));
    const rows = await trail.knex('port_history').select('ip', 'ended_at', 'end_reason').orderBy('ip');
    assert.deepEqual(rows, [
      { ip: '10.0.0.0', ended_at: toSqlTime(now - 3000 * SECOND), end_reason: 'expired' },
      { ip: '10.0.0.1', ended_at: null, end_reason: null },
    ]);
  });

  it('tells in port_clients when each client was first and last seen on each port', async () => {
    const { trail } = current();
    const elsewhere = { circuitId: Buffer.from('p2') };
    await ship(
      trail,
      queueOf([
        [0, 'granted'],
        [10, 'renewed', elsewhere],
        [20, 'renewed'],
        [30, 'granted', { address: '10.0.0.8' }],
      ]),
    );
    const rows = await trail.knex('port_clients').orderBy('port_name');
    const seen = (s: number): string => toSqlTime(NOON + s * SECOND);
    const common = { switch_name: 'sw-a', remote_id: Buffer.from('sw-a'), mac: '02:00:00:00:00:01' };
    assert.deepEqual(rows, [
      {
        ...common,
        port_name: 'p1',
        circuit_id: Buffer.from('p1'),
        first_seen: seen(0),
        last_seen: seen(30),
        addresses: 2,
        sightings: 3,
      },
      {
        ...common,
        port_name: 'p2',
        circuit_id: Buffer.from('p2'),
        first_seen: seen(10),
        last_seen: seen(10),
        addresses: 1,
        sightings: 1,
      },
    ]);
  });

  it('calls switches and ports by the configuration, and renames the old ones when it changes', async () => {
    const { trail, open } = current();
    await ship(
      trail,
      queueOf([
        [0, 'granted'],
        [5, 'renewed', { circuitId: null, remoteId: null, relayId: null }],
      ]),
    );
    assert.equal(await trail.refreshNames(), true);
    assert.equal(await trail.refreshNames(), false);
    const named = await open({
      naming: namingOf([{ id: { by: 'remote-id', value: Buffer.from('sw-a') }, name: 'Büro, 2. Stock' }]),
    });
    assert.equal(await named.refreshNames(), true);
    const rows = await trail.knex('port_history').select('switch_name', 'port_name').orderBy('first_seen');
    assert.deepEqual(rows, [
      { switch_name: 'Büro, 2. Stock', port_name: 'p1' },
      { switch_name: '10.0.0.1', port_name: null },
    ]);
  });
});
