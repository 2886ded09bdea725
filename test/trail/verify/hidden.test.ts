import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { UsageError } from '../../../src/base/errors.js';
import { encodeEvent, uuidBytes } from '../../../src/ledger/event/encoding.js';
import { generateSigningKey, type SigningKey } from '../../../src/ledger/proof/key.js';
import { liftHold, placeHolds } from '../../../src/trail/retain/holds.js';
import { PLAIN_NAMING } from '../../../src/trail/store/naming.js';
import { summaryText } from '../../../src/trail/verify/summary.js';
import { NOON } from '../store/campus.js';
import { fullEvents, namesOf, QUEUE, shipSigned, verify } from './signed.js';

const LAST = 12;
const HIDDEN = 9;

/** What somebody with all rights on the database could do without touching a column that is hashed. */
onEveryDatabase('An administrator who hides something', (current) => {
  let knex: Knex;
  let key: SigningKey;
  const events = fullEvents(LAST);

  beforeEach(async () => {
    ({ knex } = current().trail);
    key = await shipSigned(current().trail, events, generateSigningKey(), [4, LAST]);
  });

  /** Sets an event aside as the shipper does with one that the database rejects, but by hand. */
  async function setAside(sequence: number): Promise<void> {
    const event = events[sequence - 1]!;
    const place = { queue_uuid: uuidBytes(QUEUE), sequence };
    await knex('events').where(place).delete();
    const at = (await knex('queues').first('last_at'))!.last_at;
    const bytes = { hash: Buffer.from(event.hash), encoded: encodeEvent(event) };
    await knex('quarantined').insert({ ...place, ...bytes, at, reason: 'by hand' });
  }

  it('among events that were set aside leaves a gap, or verify names it; and is counted in any case', async () => {
    await setAside(HIDDEN);
    const result = await verify(knex, key);
    assert.ok(namesOf(result).includes(`gap ${HIDDEN}`), namesOf(result).join());
    assert.equal(result.queues[0]!.setAside, 1);
    assert.match(summaryText(result, 1), /^ {2}1 of them are set aside in table quarantined and show in no sighting/m);
  });

  it('by giving a queue to another server is named', async () => {
    await knex('queues').update({ server: 'dhcp-z' });
    assert.deepEqual(namesOf(await verify(knex, key)), [`changed ${LAST}`]);
    await knex('queues').update({ server: 'dhcp-a', last_at: '2026-11-20 23:00:00.000000' });
    assert.deepEqual(namesOf(await verify(knex, key)), [`changed ${LAST}`]);
  });

  it('behind the name of a server that the trail does not have is told so', async () => {
    await assert.rejects(verify(knex, key, { server: 'dhcp-z' }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.hint ?? '', /it has queues of dhcp-a/);
      return true;
    });
  });

  it('by lifting, changing or removing a hold is named', async () => {
    const hold = { by: 'ip', from: null, to: null, reason: 'case 1', placedAt: NOON, placedBy: 'x@y' } as const;
    const drafts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((value) => ({ ...hold, value, label: `address ${value}` }));
    await placeHolds(knex, drafts, key);
    await liftHold(knex, 3, 'x@y', NOON + 1, key);
    assert.deepEqual(namesOf(await verify(knex, key)), []);
    await knex('holds').where('hold_id', 2).update({ lifted_at: '2026-11-20 15:00:00.000000', lifted_by: 'x@y' });
    const changed = await verify(knex, key);
    assert.match(changed.faults[0]!.message, /^Hold 2 is not what was signed$/);
    await knex('holds').where('hold_id', 2).delete();
    const removed = await verify(knex, key);
    assert.match(removed.faults[0]!.message, /^Hold 2 is missing$/);
  });

  it('behind names that another configuration made is named', async () => {
    await knex('trail_state').update({ naming: 'another' });
    await knex('switches').update({ name: 'sw-other' });
    const result = await verify(knex, key, { naming: PLAIN_NAMING });
    assert.match(summaryText(result, 1), /not their names: another configuration made them/);
    assert.deepEqual(namesOf(result), ['place null']);
    assert.match(result.faults[0]!.message, /made by other "switches" than those of this configuration/);
  });
});
