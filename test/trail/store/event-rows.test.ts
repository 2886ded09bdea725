import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { encodeEvent, genesisHash, sealEvent } from '../../../src/ledger/event/encoding.js';
import { CLIENT_STATES, EVENT_KINDS, EVIDENCES, type EventDraft } from '../../../src/ledger/event/event.js';
import { EVENT_COLUMNS, eventToRow, rowToEvent } from '../../../src/trail/store/event-rows.js';
import { insertRows } from '../../../src/trail/store/sql.js';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array | null> =>
  fc.option(fc.uint8Array({ maxLength, size: 'max' }), { nil: null });
const address = fc.option(fc.oneof(fc.ipV4(), fc.constant('2001:db8::17')), { nil: null });
const time = fc.option(fc.integer({ min: 0, max: 9_000_000_000_000_000 }), { nil: null });

const anyDraft: fc.Arbitrary<EventDraft> = fc.record({
  kind: fc.constantFrom(...EVENT_KINDS),
  server: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
  address,
  htype: fc.option(fc.integer({ min: 0, max: 255 }), { nil: null }),
  hwaddr: bytes(16),
  clientId: bytes(255),
  hostname: bytes(255),
  vendorClass: bytes(255),
  parameterRequestList: bytes(255),
  xid: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: null }),
  clientState: fc.option(fc.constantFrom(...CLIENT_STATES), { nil: null }),
  giaddr: address,
  option82: bytes(1000),
  circuitId: bytes(255),
  remoteId: bytes(255),
  subscriberId: bytes(255),
  relayId: bytes(255),
  linkSelection: address,
  evidence: fc.constantFrom(...EVIDENCES),
  leaseStart: time,
  leaseEnd: time,
  detail: fc.option(fc.string({ maxLength: 255 }), { nil: null }),
});
const queue = '00000000-0000-4000-8000-00000000ff00';

onEveryDatabase('The rows of events', (current) => {
  it('hold every field, so that the encoding made from them is the same to the byte', async function () {
    this.timeout(60_000);
    const { knex } = current().trail;
    const sequence = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const at = fc.integer({ min: 0, max: 9_000_000_000_000_000 });
    const property = fc.asyncProperty(anyDraft, sequence, at, async (draft, number, when) => {
      const { event, encoded } = sealEvent({ ...draft, queue, sequence: number, at: when }, genesisHash(queue));
      await knex('events').delete();
      await insertRows(knex, 'events', EVENT_COLUMNS, [eventToRow(event)]);
      const read = rowToEvent(await knex('events').first());
      assert.deepEqual(encodeEvent(read), encoded);
      assert.deepEqual(Buffer.from(read.hash), Buffer.from(event.hash));
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it('G5: hold identifiers of the greatest length, whatever their bytes', async () => {
    const { knex } = current().trail;
    const longest = Buffer.alloc(255, 0xff);
    const draft = fc.sample(anyDraft, 1)[0]!;
    const wide = {
      ...draft,
      circuitId: longest,
      remoteId: longest,
      hostname: longest,
      vendorClass: longest,
      option82: Buffer.alloc(65_534, 1),
    };
    const { event, encoded } = sealEvent({ ...wide, queue, sequence: 1, at: 0 }, genesisHash(queue));
    await insertRows(knex, 'events', EVENT_COLUMNS, [eventToRow(event)]);
    assert.deepEqual(encodeEvent(rowToEvent(await knex('events').first())), encoded);
  });
});
