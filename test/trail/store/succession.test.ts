import assert from 'node:assert/strict';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import { TrailMismatchError } from '../../../src/trail/store/errors.js';
import { verifyTrail } from '../../../src/trail/verify/verify.js';
import { draft, NOON, OF_NO_CLIENT, queueOf, SECOND } from './campus.js';

const NEXT = 'ffffffff-2222-4222-8222-222222222222';
const started = (from: number | null, until: number | null) => ({
  ...draft('server-started', OF_NO_CLIENT),
  leaseStart: from === null ? null : NOON + from * SECOND,
  leaseEnd: until === null ? null : NOON + until * SECOND,
  kind: 'server-started' as const,
});

onEveryDatabase('A server that begins another queue', (current) => {
  const gaps = async () =>
    (await current().trail.knex('gaps').select('kind', 'gap_from', 'gap_until').orderBy('kind')).map((row) =>
      Object.values(row as Record<string, string | null>).map((value) => value?.replace('2026-11-20 ', '') ?? null),
    );
  const OLD = queueOf([
    [0, 'granted'],
    [50, 'renewed'],
  ]);

  it('leaves a gap where the former queue is lost', async () => {
    const { trail } = current();
    await ship(trail, OLD);
    await ship(trail, queueOf([[200, 'server-started', started(null, null)]], NEXT));
    assert.deepEqual(await gaps(), [['queue-lost', '14:00:50.000000', '14:03:20.000000']]);
    assert.deepEqual((await verifyTrail(trail.knex, { trusted: [] })).faults, []);
  });

  it('leaves no such gap where it is the first queue, or another server has one', async () => {
    const { trail } = current();
    await ship(trail, OLD);
    await ship(trail, queueOf([[200, 'server-started', { ...started(null, null), server: 'dhcp-b' }]], NEXT));
    assert.deepEqual(await gaps(), []);
  });

  it('tells of the gap itself where it replaced the former queue, whose mismatch ends there', async () => {
    const { trail } = current();
    await ship(trail, OLD);
    await assert.rejects(
      trail.checkQueue({ uuid: OLD[0]!.queue, server: 'dhcp-a', shipped: 1, last: 1 }),
      (error) => error instanceof TrailMismatchError && error.hint?.includes('portledger queue new') === true,
    );
    assert.deepEqual(await gaps(), [['queue-mismatch', '14:00:50.000000', null]]);
    await ship(trail, queueOf([[200, 'server-started', started(50, 200)]], NEXT));
    assert.deepEqual(await gaps(), [
      ['queue-mismatch', '14:00:50.000000', '14:03:20.000000'],
      ['queue-replaced', '14:00:50.000000', '14:03:20.000000'],
    ]);
    assert.deepEqual((await verifyTrail(trail.knex, { trusted: [] })).faults, []);
  });
});
