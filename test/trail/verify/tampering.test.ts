import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { genesisHash, sealEvent, uuidBytes } from '../../../src/ledger/event/encoding.js';
import { generateSigningKey, type SigningKey } from '../../../src/ledger/proof/key.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { EVENT_COLUMNS, eventToRow, rowToEvent, type Value } from '../../../src/trail/store/event-rows.js';
import { namingOf } from '../../../src/trail/store/naming.js';
import { SIGHTING_COLUMNS, sightingToRow } from '../../../src/trail/store/sighting-rows.js';
import { PinBoard } from '../../../src/trail/verify/pins.js';
import { isEmpty, summaryText } from '../../../src/trail/verify/summary.js';
import { NOON, SECOND } from '../store/campus.js';
import { checkpointOf, fullEvents, namesOf, QUEUE, shipSigned, verify } from './signed.js';

/** Another value of the same kind for each column, as an administrator would type it. */
const EDITS: Readonly<Record<string, Value>> = {
  queue_uuid: uuidBytes('88888888-8888-4888-8888-888888888888'),
  sequence: 4711,
  at: '2026-11-20 14:00:41.000000',
  kind: 'released',
  server: 'dhcp-b',
  ip: '10.0.0.99',
  htype: 6,
  mac: '02:00:00:00:00:ff',
  client_id: Buffer.from('other'),
  hostname: 'somebody-else',
  vendor_class: 'other',
  parameter_request_list: Buffer.from([1]),
  xid: 1,
  client_state: 'RENEWING',
  giaddr: '10.9.9.9',
  option82: Buffer.from('00', 'hex'),
  circuit_id: Buffer.from('p9'),
  remote_id: Buffer.from('sw-z'),
  subscriber_id: Buffer.from('other'),
  relay_id: Buffer.from('other'),
  link_selection: '10.9.9.0',
  evidence: 'carried',
  lease_start: '2026-11-20 13:00:00.000000',
  lease_end: '2026-11-20 18:00:00.000000',
  detail: 'another word',
  hash: Buffer.alloc(32, 7),
};

const SEQUENCE = 5;
const LAST = 12;

onEveryDatabase('Verification', (current, database) => {
  let knex: Knex;
  let key: SigningKey;
  const events = fullEvents(LAST);

  beforeEach(async () => {
    ({ knex } = current().trail);
    key = await shipSigned(current().trail, events, generateSigningKey(), [4, 8, LAST]);
  });

  const one = (sequence: number): Knex.QueryBuilder => knex('events').where({ queue_uuid: uuidBytes(QUEUE), sequence });

  /** The first fault of the queue's chain. */
  async function firstFault(trusted?: SigningKey): Promise<string | undefined> {
    const { faults: all } = await verify(knex, trusted);
    const faults = all.filter(({ kind, queue }) => queue === QUEUE && kind !== 'sighting' && kind !== 'gap');
    return faults.length > 0 ? `${faults[0]!.kind} ${faults[0]!.sequence}` : undefined;
  }

  it('finds nothing wrong with a trail that nobody touched, with and without a key', async () => {
    for (const result of [await verify(knex), await verify(knex, key)]) {
      assert.deepEqual(result.faults, []);
      assert.equal(result.events, LAST);
      assert.equal(result.sightings, 3);
      assert.equal(result.queues[0]!.checkpoint!.sequence, LAST);
      assert.equal(result.queues[0]!.unsigned, 0);
    }
  });

  it('has an edit for each column', () => {
    assert.deepEqual(Object.keys(EDITS), EVENT_COLUMNS);
  });

  for (const [column, value] of Object.entries(EDITS)) {
    it(`names the event whose ${column} was edited`, async () => {
      await one(SEQUENCE).update({ [column]: value });
      const name = column === 'queue_uuid' || column === 'sequence' ? `missing ${SEQUENCE}` : `changed ${SEQUENCE}`;
      assert.equal(await firstFault(), name);
    });

    if (!['queue_uuid', 'sequence', 'at', 'kind', 'server', 'evidence', 'hash'].includes(column)) {
      it(`names the event whose ${column} was emptied`, async () => {
        await one(SEQUENCE).update({ [column]: null });
        assert.equal(await firstFault(), `changed ${SEQUENCE}`);
      });
    }
  }

  it('names the event whose text was rewritten so that it means the same bytes', async () => {
    await one(SEQUENCE).update({ hostname: '\\x68ost-2' });
    assert.equal(await firstFault(), `changed ${SEQUENCE}`);
  });

  it('names the event whose value was put in as another type', async () => {
    if (database !== 'SQLite') return;
    await knex.raw('UPDATE events SET kind = CAST(kind AS BLOB) WHERE sequence = ?', [SEQUENCE]);
    assert.equal(await firstFault(), `changed ${SEQUENCE}`);
  });

  for (const [what, from, to] of [
    ['an event', 5, 5],
    ['several events', 5, 7],
    ['the first events', 1, 3],
  ] as const) {
    it(`names the first when ${what} were deleted`, async () => {
      await knex('events').whereBetween('sequence', [from, to]).delete();
      assert.equal(await firstFault(), `missing ${from}`);
    });
  }

  it('names the first of the last events when they were deleted', async () => {
    await knex('events').where('sequence', '>', 9).delete();
    assert.equal(await firstFault(), 'cut 10');
    await knex('queues').update({ sequence: 9, hash: events[8]!.hash });
    assert.equal(await firstFault(), 'cut 10', 'a checkpoint knows that there were more');
  });

  it('names an event that was put in at the end', async () => {
    const { event } = sealEvent({ ...events.at(-1)!, sequence: LAST + 1 }, events.at(-1)!.hash);
    await insert([event]);
    assert.equal(await firstFault(), `inserted ${LAST + 1}`);
  });

  it('names an event that was put in between, the later ones counted up', async () => {
    for (let i = LAST; i >= SEQUENCE; i--) await one(i).update({ sequence: i + 1 });
    await insert([{ ...events[SEQUENCE - 1]!, xid: 7 }]);
    assert.equal(await firstFault(), `changed ${SEQUENCE}`);
  });

  it('names the first of two events that were swapped', async () => {
    await one(6).update({ sequence: 600 });
    await one(9).update({ sequence: 6 });
    await one(600).update({ sequence: 9 });
    assert.equal(await firstFault(), 'changed 6');
  });

  it('names where the trail was rolled back to, by what the local queue knows', async () => {
    await knex('events').where('sequence', '>', 8).delete();
    await knex('checkpoints').where('sequence', '>', 8).delete();
    await knex('queues').update({ sequence: 8, hash: events[7]!.hash, last_at: '2026-11-20 14:01:10.000000' });
    await rebuild(8);
    assert.deepEqual(namesOf(await verify(knex, key)), [], 'nothing inside of the trail can tell');
    const pins = new PinBoard();
    const last = events.at(-1)!;
    pins.addLocal({ queue: QUEUE, shipped: LAST, shippedHash: last.hash, last: LAST, checkpoint: undefined });
    assert.deepEqual(namesOf(await verify(knex, key, { outside: pins.queues })), ['cut 9']);
    const kept = new PinBoard();
    kept.addCheckpoint(checkpointOf(last, key), 'then.json');
    assert.deepEqual(namesOf(await verify(knex, key, { outside: kept.queues })), ['cut 9']);
  });

  it('names where a queue was rolled back to', async () => {
    const pins = new PinBoard();
    pins.addLocal({ queue: QUEUE, shipped: 4, shippedHash: events[3]!.hash, last: 6, checkpoint: undefined });
    assert.deepEqual(namesOf(await verify(knex, key, { outside: pins.queues })), ['rolled-back 7']);
    const other = new PinBoard();
    other.addLocal({ queue: QUEUE, shipped: 4, shippedHash: Buffer.alloc(32), last: LAST, checkpoint: undefined });
    assert.deepEqual(namesOf(await verify(knex, key, { outside: other.queues })), ['changed 4']);
  });

  it('names events of a queue that was never shipped', async () => {
    await insert(fullEvents(3, '99999999-9999-4999-8999-999999999999', 'dhcp-z'));
    const { faults } = await verify(knex);
    assert.ok(faults.some(({ kind, queue }) => kind === 'inserted' && queue?.startsWith('9999')));
  });

  it('catches an administrator who rewrites everything and computes all hashes anew, by the public key', async () => {
    await forge();
    await knex('checkpoints').delete();
    assert.deepEqual(namesOf(await verify(knex)), [], 'a chain alone proves nothing against him');
    const trusted = await verify(knex, key);
    assert.deepEqual(namesOf(trusted), ['unsigned null']);
    assert.match(trusted.faults[0]!.message, /No checkpoint of the queue is signed by a trusted key/);
  });

  it('catches him also if he leaves the checkpoints, or signs new ones with a key of his own', async () => {
    const forged = await forge();
    assert.deepEqual(namesOf(await verify(knex, key)).slice(0, 1), ['checkpoint 8']);
    assert.deepEqual(
      namesOf(await verify(knex)).slice(0, 1),
      ['checkpoint 8'],
      'his hashes are not those that were signed',
    );
    await knex('checkpoints').delete();
    const own = generateSigningKey();
    await knex('checkpoints').insert({
      queue_uuid: uuidBytes(QUEUE),
      sequence: LAST,
      key_id: Buffer.from(own.public.id, 'hex'),
      hash: forged.at(-1)!.hash,
      at: '2026-11-20 14:02:00.000000',
      next_within: 1_000_000,
      signature: checkpointOf(forged.at(-1)!, own).signature,
    });
    const { faults } = await verify(knex, key);
    assert.match(faults[0]!.message, /is signed by key [0-9a-f]{32}, which is not trusted/);
  });

  it('catches him also if he takes away the checkpoints of what he rewrote', async () => {
    await forge();
    await knex('checkpoints').where('sequence', '>', 4).delete();
    assert.deepEqual(namesOf(await verify(knex, key)), [], 'he has as long as the next checkpoint may take');
    await knex('checkpoints').delete();
    const hasty = checkpointOf(events[3]!, key, SECOND);
    await knex('checkpoints').insert({
      queue_uuid: uuidBytes(QUEUE),
      sequence: 4,
      key_id: Buffer.from(key.public.id, 'hex'),
      hash: hasty.hash,
      at: '2026-11-20 14:00:30.000000',
      next_within: SECOND,
      signature: hasty.signature,
    });
    assert.deepEqual(namesOf(await verify(knex, key)), ['unsigned 5']);
  });

  it('names a checkpoint whose columns were edited', async () => {
    for (const [column, value] of Object.entries({
      at: '2026-11-20 15:00:00.000000',
      next_within: 5,
      hash: Buffer.alloc(32),
    })) {
      const before = await knex('checkpoints').where('sequence', 8).first(column);
      await knex('checkpoints')
        .where('sequence', 8)
        .update({ [column]: value });
      assert.deepEqual(namesOf(await verify(knex, key)), ['checkpoint 8'], column);
      await knex('checkpoints').where('sequence', 8).update(before);
    }
  });

  it('finds sightings that were edited, deleted or put in', async () => {
    for (const column of SIGHTING_COLUMNS.slice(2)) {
      const before = await knex('sightings').where('opened_sequence', 2).first(column);
      const value = ['switch_id', 'port_id'].includes(column)
        ? Buffer.alloc(16)
        : (SIGHTING_EDITS[column] ?? EDITS[column]!);
      await knex('sightings')
        .where('opened_sequence', 2)
        .update({ [column]: value });
      assert.deepEqual(namesOf(await verify(knex, key)), ['sighting 2'], column);
      await knex('sightings').where('opened_sequence', 2).update(before);
    }
    const row = await knex('sightings').where('opened_sequence', 3).first();
    await knex('sightings').where('opened_sequence', 3).update({ opened_sequence: 7 });
    assert.deepEqual(namesOf(await verify(knex, key)).sort(), ['sighting 3', 'sighting 7']);
    await knex('sightings').insert(row);
    assert.deepEqual(namesOf(await verify(knex, key)), ['sighting 7']);
  });

  it('finds gaps that were edited, deleted or put in', async () => {
    await knex('gaps').update({ gap_from: '2026-11-20 13:59:59.000000' });
    assert.deepEqual(namesOf(await verify(knex, key)), ['gap 1']);
    await knex('gaps').update({ sequence: 9 });
    assert.deepEqual(namesOf(await verify(knex, key)).sort(), ['gap 1', 'gap 9']);
    await knex('gaps').delete();
    assert.deepEqual(namesOf(await verify(knex, key)), ['gap 1']);
  });

  it('finds switches and ports that were renamed, changed or deleted', async () => {
    const naming = namingOf([]);
    await current().trail.refreshNames();
    assert.deepEqual(namesOf(await verify(knex, key, { naming })), []);
    await knex('switches').update({ name: 'sw-other' });
    assert.deepEqual(namesOf(await verify(knex, key, { naming })), ['place null']);
    await knex('switches').update({ name: 'sw-a' });
    await knex('ports').update({ circuit_id: Buffer.from('p7') });
    assert.deepEqual(namesOf(await verify(knex, key, { naming })), ['place null']);
    await knex('ports').delete();
    assert.deepEqual(namesOf(await verify(knex, key, { naming })), ['place null']);
  });

  it('checks one server, or one span up to the checkpoint after it, alone', async () => {
    await shipSigned(current().trail, fullEvents(6, '66666666-6666-4666-8666-666666666666', 'dhcp-b'), key);
    await one(11).update({ xid: 1 });
    assert.deepEqual(namesOf(await verify(knex, key, { server: 'dhcp-b' })), []);
    const span = await verify(knex, key, { server: 'dhcp-a', from: NOON + 45 * SECOND, to: NOON + 65 * SECOND });
    assert.deepEqual(namesOf(span), []);
    assert.deepEqual([span.events, span.queues[0]!.lastSequence], [3, 8]);
    const late = await verify(knex, key, { server: 'dhcp-a', from: NOON + 85 * SECOND });
    assert.deepEqual(namesOf(late), ['changed 11']);
  });

  it('proves nothing of a span without events, though it reads on to a checkpoint', async () => {
    const spans = [
      [NOON - 20 * SECOND, NOON - 10 * SECOND],
      [NOON + 41 * SECOND, NOON + 42 * SECOND],
      [NOON + 900 * SECOND, NOON + 901 * SECOND],
    ] as const;
    for (const [from, to] of spans) {
      const result = await verify(knex, key, { from, to });
      assert.deepEqual([result.faults.map((one) => one.message), result.asked, isEmpty(result)], [[], 0, true]);
      assert.match(summaryText(result, 1), /NOTHING TO VERIFY: the trail has no event of what was asked for/);
    }
  });

  async function insert(rows: ReturnType<typeof fullEvents>): Promise<void> {
    for (const event of rows) {
      const row = eventToRow(event);
      await knex('events').insert(Object.fromEntries(EVENT_COLUMNS.map((column, i) => [column, row[i]])));
    }
  }

  /** Changes event 5 and makes everything after it fit, as one with all rights on the database can. */
  async function forge(): Promise<ReturnType<typeof fullEvents>> {
    const rows = await knex('events').orderBy('sequence');
    let hash: Uint8Array = genesisHash(QUEUE);
    const forged = rows.map(rowToEvent).map((event) => {
      const changed = event.sequence === SEQUENCE ? { ...event, xid: 4242 } : event;
      const sealed = sealEvent(changed, hash).event;
      hash = sealed.hash;
      return sealed;
    });
    await knex('events').delete();
    await insert(forged);
    await knex('queues').update({ hash: Buffer.from(hash) });
    return forged;
  }

  /** Puts back the sightings of the first events. */
  async function rebuild(count: number): Promise<void> {
    await knex('sightings').delete();
    for (const sighting of fold(events.slice(0, count))) {
      const row = sightingToRow(sighting);
      await knex('sightings').insert(Object.fromEntries(SIGHTING_COLUMNS.map((column, i) => [column, row[i]])));
    }
  }
});

const SIGHTING_EDITS: Readonly<Record<string, Value>> = {
  first_seen: '2026-11-20 13:00:00.000000',
  last_seen: '2026-11-20 13:00:00.000000',
  lease_until: '2026-11-20 13:00:00.000000',
  ended_at: '2026-11-20 14:30:00.000000',
  end_reason: 'released',
  events: 99,
};
