import assert from 'node:assert/strict';
import fc from 'fast-check';
import { startMariadb } from '../../../rig/lab/database.js';
import { requires } from '../../../rig/lab/requirements.js';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { encodeEvent } from '../../../src/ledger/event/encoding.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { storeEvents } from '../../../src/ledger/event/stored-event.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { isRejection } from '../../../src/trail/store/errors.js';
import { EVENT_COLUMNS, eventToRow, rowToEvent, type Value } from '../../../src/trail/store/event-rows.js';
import { EVENT_FORM } from '../../../src/trail/store/event-text.js';
import { RowText, writeValues } from '../../../src/trail/store/row-text.js';
import { SIGHTING_FORM } from '../../../src/trail/store/sighting-text.js';
import { insertRows } from '../../../src/trail/store/sql.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { anyEvent } from '../../ledger/event/any-event.js';
import { draft, NOON, SECOND, sealAll } from './campus.js';

const QUEUE = 'cccccccc-3333-4333-8333-333333333333';
const EVERY_BYTE = Buffer.from(Array.from({ length: 255 }, (_, i) => i));

/** Events in which every byte stands at every place of a field, beginning and end included. */
function events(count: number): LedgerEvent[] {
  const drafts = Array.from({ length: count }, (_, i) => {
    const at = NOON + i * SECOND;
    const turned = Buffer.concat([EVERY_BYTE.subarray(i % 255), EVERY_BYTE.subarray(0, i % 255)]);
    const fields = { clientId: turned, hostname: turned.subarray(0, i % 200), circuitId: turned.subarray(0, i % 3) };
    return { at, draft: { ...draft('granted', { address: `10.0.0.${i % 250}`, leaseEnd: at }), ...fields } };
  });
  return sealAll(QUEUE, drafts);
}

onEveryDatabase('Many rows at once', (current, database) => {
  it('hold every field, whatever its bytes', async () => {
    const { knex } = current().trail;
    const all = events(600);
    await insertRows(knex, 'events', EVENT_COLUMNS, all.map(eventToRow));
    const rows: Record<string, Value>[] = await knex('events').orderBy('sequence');
    assert.deepEqual(rows.map(rowToEvent).map(encodeEvent), all.map(encodeEvent));
  });

  // The columns of SQLite take anything.
  if (database === 'SQLite') return;

  it('are refused as a whole, by a number that tells why, if one does not fit', async () => {
    const { knex } = current().trail;
    for (const [column, value] of [
      ['kind', 'x'.repeat(17)],
      ['client_id', Buffer.alloc(256)],
      ['htype', 256],
      ['at', '2026-11-20 25:00:00.000000'],
      ['hash', null],
    ] as const) {
      const rows = events(100).map(eventToRow);
      rows[50]![EVENT_COLUMNS.indexOf(column)] = value;
      const insert = knex.transaction((db) => insertRows(db, 'events', EVENT_COLUMNS, rows));
      await assert.rejects(insert, isRejection, column);
      assert.equal(Number((await knex('events').count({ n: '*' }).first())!.n), 0, column);
    }
    const twice = events(100).map(eventToRow);
    twice[50] = twice[49]!;
    const insert = knex.transaction((db) => insertRows(db, 'events', EVENT_COLUMNS, twice));
    await assert.rejects(insert, (error) => (error as { errno?: number }).errno === 1062 && !isRejection(error));
  });
});

describe('A MariaDB that allows no LOAD DATA LOCAL', function () {
  this.timeout(60_000);

  it('gets its rows by INSERT', async function () {
    requires(this, 'mariadb');
    const server = await startMariadb({ args: ['--local-infile=0'] });
    try {
      const trail = await Trail.open(server.url);
      await trail.migrate();
      await trail.append({ queue: QUEUE, server: 'dhcp-0', events: events(200) });
      assert.equal((await trail.position(QUEUE))?.sequence, 200);
      await trail.close();
    } finally {
      await server.remove();
    }
  });
});

function text<Row>(rows: readonly Row[], write: (out: RowText, row: Row) => void): string {
  return Buffer.concat([...RowText.pieces(rows, write)]).toString('latin1');
}

describe('The text of rows', () => {
  it('ends fields with tabs and rows with newlines, and nothing else', () => {
    const rows: Value[][] = [
      ['a\tb', 7, null, Buffer.from([0, 9, 10, 92, 255])],
      ['é', -1, '', Buffer.alloc(0)],
    ];
    const text = Buffer.concat([...RowText.pieces(rows, writeValues)]);
    assert.deepEqual(text, Buffer.from('a\\\tb\t7\t\\N\t\\0\\\t\\\n\\\\\xff\n\xc3\xa9\t-1\t\t\n', 'latin1'));
  });

  it('is the same for an event by its bytes as for the values of its row', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (drafts) => {
        const all = storeEvents(drafts.map((draft) => ({ ...draft, hash: Buffer.alloc(32, draft.at % 256) })));
        assert.deepEqual(text(all, EVENT_FORM.write), text(all.map(EVENT_FORM.values), writeValues));
      }),
    );
  });

  it('is the same for a sighting as for the values of its row', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (drafts) => {
        const sightings = fold(drafts);
        assert.deepEqual(text(sightings, SIGHTING_FORM.write), text(sightings.map(SIGHTING_FORM.values), writeValues));
      }),
    );
  });

  it('comes in pieces, none of which grows with the number of rows', () => {
    const rows = Array.from({ length: 10_000 }, () => ['x'.repeat(100)]);
    const pieces = [...RowText.pieces(rows, writeValues)];
    assert.ok(pieces.every((piece) => piece.length < 300_000));
    assert.equal(Buffer.concat(pieces).length, 1_010_000);
  });
});
