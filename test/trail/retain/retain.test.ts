import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { introduceFirst } from '../../../src/ledger/proof/introduction.js';
import { generateSigningKey } from '../../../src/ledger/proof/key.js';
import { ask } from '../../../src/report/ask/ask.js';
import { parseRequest } from '../../../src/report/ask/request.js';
import { noteLine } from '../../../src/report/render/note-line.js';
import { RetainRefusedError } from '../../../src/trail/retain/errors.js';
import { type HoldDraft, liftHold, placeHolds } from '../../../src/trail/retain/holds.js';
import type { Outcome, Plan } from '../../../src/trail/retain/plan.js';
import { preview, retain } from '../../../src/trail/retain/retain.js';
import { portId } from '../../../src/trail/sightings/identity.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { rowToEvent } from '../../../src/trail/store/event-rows.js';
import { writeProof } from '../../../src/trail/store/proof-rows.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../../src/trail/store/sighting-rows.js';
import type { Trail } from '../../../src/trail/store/trail.js';
import { verifyTrail } from '../../../src/trail/verify/verify.js';
import { campus, NOON, queueOf, SECOND, shipping } from '../store/campus.js';

const KEY = generateSigningKey();
const LATER = NOON + 100_000 * SECOND;
const MAC_2 = Buffer.from('020000000002', 'hex');
/** Ports and switches stay: a trail that is open knows of them. So does it of the timelines that it wrote last: see `emptied`. */
const TABLES = [
  'events',
  'quarantined',
  'sightings',
  'queues',
  'gaps',
  'removals',
  'baselines',
  'baseline_sightings',
  'holds',
];

/** Seconds after NOON. */
function planOf(before: number, sightingsBefore: number | null = null, at = LATER): Plan {
  const time = (seconds: number): number => NOON + seconds * SECOND;
  return {
    at,
    before: time(before),
    sightingsBefore: sightingsBefore === null ? null : time(sightingsBefore),
    reason: 'a test',
    key: KEY,
  };
}

function holdOn(subject: Pick<HoldDraft, 'by' | 'value'>, span: Partial<HoldDraft> = {}): HoldDraft {
  return { ...subject, label: 'a test', from: null, to: null, reason: 'r', placedAt: NOON, placedBy: 'me', ...span };
}

async function knowKey(trail: Trail): Promise<void> {
  await writeProof(trail.knex, { checkpoints: [], keys: [introduceFirst(KEY.public, 'dhcp-a', NOON)] });
}

async function faultsOf(trail: Trail): Promise<string[]> {
  const { faults } = await verifyTrail(trail.knex, { trusted: [KEY.public] });
  return faults.filter((fault) => fault.kind !== 'unsigned').map((fault) => `${fault.sequence}: ${fault.message}`);
}

async function sequencesOf(trail: Trail): Promise<number[]> {
  return (await trail.knex('events').select('sequence').orderBy('sequence')).map((row) => row.sequence);
}

const rowName = (row: readonly unknown[]): string => JSON.stringify(row);

async function sightingRows(trail: Trail): Promise<string[]> {
  const rows = await trail.knex('sightings').select(SIGHTING_COLUMNS);
  return rows.map((row) => rowName(SIGHTING_COLUMNS.map((column) => row[column]))).sort();
}

function folded(events: readonly LedgerEvent[]): string[] {
  return fold(events)
    .map((sighting) => rowName(sightingToRow(sighting)))
    .sort();
}

/** Client 1 on p1 until 300 without a break; client 2 comes and goes; client 3 is there at the end. */
const STORY = queueOf([
  [0, 'granted'],
  [10, 'granted', { hwaddr: MAC_2, address: '10.0.0.8' }],
  [50, 'renewed'],
  [60, 'released', { hwaddr: MAC_2, address: '10.0.0.8' }],
  [100, 'renewed'],
  [150, 'renewed'],
  [200, 'renewed'],
  [300, 'expired'],
  [400, 'granted', { address: '10.0.0.9' }],
]);

onEveryDatabase('retention', (current, database) => {
  const run = async (plan: Plan): Promise<Outcome> => {
    await knowKey(current().trail);
    return await retain(current().trail.knex, plan);
  };

  /** The trail without its records, opened by somebody who remembers none of them. */
  const emptied = async (): Promise<Trail> => {
    for (const table of TABLES) await current().trail.knex(table).delete();
    return await current().open();
  };

  it('removes old events, and the trail still verifies', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    const before = await sightingRows(trail);
    const foreseen = await preview(trail.knex, planOf(120));
    const outcome = await run(planOf(120));
    assert.deepEqual(outcome, foreseen);
    assert.deepEqual(outcome, { events: 5, heldEvents: 0, sightings: 0, heldSightings: 0 });
    assert.deepEqual(await sequencesOf(trail), [6, 7, 8, 9]);
    assert.deepEqual(await sightingRows(trail), before);
    assert.deepEqual(await faultsOf(trail), []);
    const { queues } = await verifyTrail(trail.knex, { trusted: [] });
    assert.deepEqual([queues[0]!.removed, queues[0]!.removedAt], [5, LATER]);
  });

  it('goes on from where an earlier run stood, to the last event', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    for (const [i, before] of [55, 55, 160, 1000].entries()) {
      await run(planOf(before, null, LATER + i));
      assert.deepEqual(await faultsOf(trail), [], `before ${before}`);
    }
    assert.deepEqual(await sequencesOf(trail), []);
    assert.deepEqual(await sightingRows(trail), folded(STORY));
  });

  it('removes sightings that ended long enough ago, by an event or by the end of their lease', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    const outcome = await run(planOf(600, 550));
    assert.deepEqual(outcome, { events: 9, heldEvents: 0, sightings: 3, heldSightings: 0 });
    assert.deepEqual(await sightingRows(trail), []);
    assert.deepEqual(await faultsOf(trail), []);
  });

  it('keeps what is held by device, address, port and time, with the chain checkable around it', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    const port = portId({ switch: { kind: 'remote-id', value: Buffer.from('sw-a') }, circuitId: Buffer.from('p1') });
    const subjects = [
      [holdOn({ by: 'mac', value: '02:00:00:00:00:02' }), [2, 4], 1],
      [holdOn({ by: 'ip', value: '10.0.0.9' }), [9], 1],
      [holdOn({ by: 'ip', value: '10.0.0.7' }, { from: NOON + 50 * SECOND, to: NOON + 150 * SECOND }), [3, 5], 1],
      [holdOn({ by: 'port', value: port.toString('hex') }), [1, 2, 3, 4, 5, 6, 7, 8, 9], 3],
    ] as const;
    for (const [hold, kept, sightings] of subjects) {
      for (const table of TABLES) await trail.knex(table).delete();
      await ship(trail, STORY);
      await placeHolds(trail.knex, [hold], KEY);
      const outcome = await run(planOf(600, 550));
      assert.deepEqual(await sequencesOf(trail), kept);
      assert.deepEqual(
        [outcome.heldEvents, outcome.heldSightings, (await sightingRows(trail)).length],
        [kept.length, sightings, sightings],
      );
      assert.deepEqual(await faultsOf(trail), []);
    }
  });

  it('removes what was held once the hold is lifted', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    const [hold] = await placeHolds(trail.knex, [holdOn({ by: 'mac', value: '02:00:00:00:00:02' })], KEY);
    await run(planOf(600, 550));
    await liftHold(trail.knex, hold!.id, 'me', NOON, KEY);
    await assert.rejects(liftHold(trail.knex, hold!.id, 'me', NOON, KEY), /No hold 1 is in force/);
    assert.deepEqual(await run(planOf(600, 550, LATER + 1)), {
      events: 2,
      heldEvents: 0,
      sightings: 1,
      heldSightings: 0,
    });
    assert.deepEqual(await sequencesOf(trail), []);
    assert.deepEqual(await faultsOf(trail), []);
  });

  it('refuses to go by a hold that somebody lifted or narrowed by hand', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    await placeHolds(trail.knex, [holdOn({ by: 'mac', value: '02:00:00:00:00:02' })], KEY);
    for (const change of [{ lifted_at: '2026-11-20 14:00:00.000000' }, { value: '02:00:00:00:00:03' }]) {
      await trail.knex('holds').update(change);
      await assert.rejects(run(planOf(120)), /Hold 1 is not what was signed/);
    }
    assert.equal((await sequencesOf(trail)).length, 9);
  });

  it('is told of by a report that asks for what is gone', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    await run(planOf(600, 550));
    const said = async (at: string): Promise<string> => {
      const answer = await ask(trail, parseRequest({ kind: 'ip', address: '10.0.0.8' }, { at }, LATER));
      assert.ok(answer.isEmpty);
      return answer.notes.map((note) => `${noteLine(note)}\n`).join('');
    };
    const note = 'note: what ended before 2026-11-20 14:09:10 UTC was removed by retention, except held records\n';
    assert.ok((await said('2026-11-20T14:00:20Z')).endsWith(note));
    assert.ok(!(await said('2026-11-20T14:10:00Z')).includes('retention'));
  });

  it('refuses to remove events that were changed, or whose sightings were', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    await trail.knex('sightings').where('ip', '10.0.0.8').update({ mac: '02:00:00:00:00:99' });
    await assert.rejects(run(planOf(120)), (error: RetainRefusedError) => {
      assert.ok(error instanceof RetainRefusedError);
      assert.deepEqual([error.exitCode, /The sighting of 10\.0\.0\.8 that event 2 /.test(error.message)], [4, true]);
      return true;
    });
    await trail.knex('sightings').where('ip', '10.0.0.8').update({ mac: '02:00:00:00:00:02' });
    await trail.knex('events').where('sequence', 5).update({ hostname: 'other' });
    await assert.rejects(run(planOf(120)), /Event 5 of queue .+ does not continue event 4/);
    await trail.knex('events').where('sequence', 5).delete();
    await assert.rejects(run(planOf(200)), RetainRefusedError);
    assert.deepEqual(await sequencesOf(trail), [1, 2, 3, 4, 6, 7, 8, 9]);
  });

  it('shows verify what was changed afterwards: a removal, a baseline, an open sighting', async () => {
    const { trail } = current();
    const changes = [
      ['removals', { to_sequence: 4 }],
      ['removals', { reason: 'other' }],
      ['baselines', { events_before: '2026-11-20 14:01:00.000000' }],
      ['baseline_sightings', { hostname: 'other' }],
    ] as const;
    for (const [i, [table, change]] of changes.entries()) {
      for (const name of TABLES) await trail.knex(name).delete();
      await ship(trail, STORY);
      await run(planOf(120, null, LATER + i));
      assert.deepEqual(await faultsOf(trail), []);
      assert.equal(await trail.knex(table).update(change), 1, table);
      assert.notDeepEqual(await faultsOf(trail), [], `${table} ${JSON.stringify(change)}`);
    }
  });

  it('leaves events that arrive later than it to themselves, and names the gap', async () => {
    const { trail } = current();
    await ship(trail, STORY);
    await run(planOf(120));
    const before = await sightingRows(trail);
    const other = queueOf([[20, 'granted']], 'ffffffff-2222-4222-8222-222222222222');
    await ship(trail, other);
    assert.deepEqual(await sightingRows(trail), before);
    const [gap] = await trail.knex('gaps').where('kind', 'arrived-late');
    assert.deepEqual([gap.gap_from, gap.gap_until], ['2026-11-20 14:00:20.000000', '2026-11-20 14:00:20.000000']);
    assert.deepEqual(await faultsOf(trail), []);
    assert.deepEqual((await trail.knex('events').where('ip', '10.0.0.7').select('*')).map(rowToEvent).length, 4);
  });

  it('removes events that the database had not taken, too', async () => {
    const { trail } = current();
    const batch = (events: readonly LedgerEvent[]) => ({ queue: events[0]!.queue, server: 'dhcp-a', events });
    await ship(trail, STORY.slice(0, 1));
    await trail.quarantine(batch(STORY.slice(1, 2)), 'no');
    await ship(trail, STORY.slice(2, 3));
    await trail.quarantine(batch(STORY.slice(3, 4)), 'no');
    await ship(trail, STORY.slice(4));
    assert.equal((await run(planOf(55))).events, 3);
    assert.deepEqual(
      (await trail.knex('quarantined').select('sequence')).map((row) => row.sequence),
      [4],
    );
    assert.deepEqual(await faultsOf(trail), []);
    assert.equal((await run(planOf(120, null, LATER + 1))).events, 2);
    assert.deepEqual(await faultsOf(trail), []);
  });

  // SQLite waits for a lock with its whole process, which here is the one that holds it
  if (database !== 'SQLite') {
    it('lets shippers get their turn while it runs', async function () {
      this.timeout(60_000);
      const { trail, open } = current();
      const many = queueOf(
        Array.from({ length: 8000 }, (_, i) => [i, 'granted', { address: `10.0.0.${i % 50}` }] as const),
      );
      await ship(trail, many);
      const shipper = await open();
      const fresh = queueOf(
        Array.from({ length: 500 }, (_, i) => [9000 + i, 'granted', { address: '10.0.1.1' }] as const),
        'ffffffff-2222-4222-8222-222222222222',
      );
      let isRunning = true;
      const running = run(planOf(8000)).finally(() => {
        isRunning = false;
      });
      let shipped = 0;
      for (; isRunning && shipped < fresh.length; shipped++) await ship(shipper, fresh.slice(shipped, shipped + 1));
      assert.equal((await running).events, 8000);
      assert.ok(shipped >= 8, `${shipped} batches were shipped meanwhile`);
      assert.deepEqual(await faultsOf(trail), []);
    });
  }

  it('changes no sighting, whatever comes after it in whatever order', async function () {
    this.timeout(120_000);
    await knowKey(current().trail);
    let at = LATER;
    const cut = fc.integer({ min: -30, max: 400 });
    const property = fc.asyncProperty(campus, shipping, fc.tuple(cut, cut), async (queues, plan, cuts) => {
      const trail = await emptied();
      const shipped = queues.map(() => 0);
      for (const seconds of cuts.toSorted((a, b) => a - b)) {
        const before = NOON + seconds * SECOND;
        for (const [i, events] of queues.entries()) {
          const until = Math.max(shipped[i]!, events.filter((event) => event.at < before).length);
          if (until > shipped[i]!) await ship(trail, events.slice(shipped[i], until));
          shipped[i] = until;
        }
        at += 1;
        await retain(trail.knex, planOf(seconds, null, at));
        for (const { queue, size } of plan) {
          const events = queues[queue]?.slice(shipped[queue], shipped[queue]! + size) ?? [];
          if (events.length > 0) await ship(trail, events);
          if (queues[queue]) shipped[queue]! += events.length;
        }
      }
      for (const [i, events] of queues.entries())
        if (shipped[i]! < events.length) await ship(trail, events.slice(shipped[i]));
      assert.deepEqual(await sightingRows(trail), folded(queues.flat()));
      assert.deepEqual(await faultsOf(trail), []);
      await trail.close();
    });
    await fc.assert(property, { numRuns: database === 'SQLite' ? 60 : 15, endOnFailure: true });
  });
});
