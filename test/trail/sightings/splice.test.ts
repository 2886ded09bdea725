import assert from 'node:assert/strict';
import { onEveryDatabase, ship } from '../../../rig/lab/trails.js';
import type { EventKind, LedgerEvent } from '../../../src/ledger/event/event.js';
import { fold } from '../../../src/trail/sightings/rules.js';
import { splice, trace, type Window } from '../../../src/trail/sightings/splice.js';
import { queueOf } from '../store/campus.js';

const OTHER = 'ffffffff-2222-4222-8222-222222222222';

/** Stored events one after the other, and new ones of another queue. */
function timelines(
  stored: readonly (readonly [number, EventKind])[],
  added: readonly (readonly [number, EventKind])[],
): { stored: LedgerEvent[]; added: LedgerEvent[] } {
  return { stored: queueOf(stored), added: queueOf(added, OTHER) };
}

function windowOf(stored: readonly LedgerEvent[], later: number): Window {
  const [first, ...rest] = stored;
  return {
    before: fold(stored)[0]!,
    earlier: [first!],
    later: rest.slice(0, later),
    fromStart: false,
    toEnd: later >= rest.length,
  };
}

describe('New events in the middle of a timeline', () => {
  const { stored, added } = timelines(
    [
      [0, 'granted'],
      [20, 'released'],
      [30, 'granted'],
      [40, 'released'],
    ],
    [
      [10, 'renewed'],
      [35, 'released'],
    ],
  );

  it('are not judged by a window that ends before the last of them', () => {
    assert.equal(trace(windowOf(stored, 1), added), null);
    assert.equal(trace(windowOf(stored, 0), added), null);
  });

  it('are worked out in a window that goes beyond', () => {
    const traces = trace(windowOf(stored, 3), added)!;
    const result = splice(traces, null)!;
    assert.deepEqual(result, { saved: fold([...stored, ...added]), removed: [] });
  });
});

onEveryDatabase('New events in the middle of a timeline', (current) => {
  it('meet those that the first look at the timeline does not reach', async () => {
    const { trail } = current();
    const stored = queueOf([
      [0, 'granted'],
      [0, 'renewed'],
      [10, 'renewed'],
      [20, 'released'],
      [200, 'granted'],
    ]);
    const added = queueOf(
      [
        [0, 'renewed'],
        [201, 'revoked'],
      ],
      OTHER,
    );
    await ship(trail, stored);
    await ship(trail, added);
    const rows = await trail.knex('sightings').select('end_reason', 'events').orderBy('first_seen');
    const expected = fold([...stored, ...added]).map(({ endReason, events }) => ({ end_reason: endReason, events }));
    assert.deepEqual(rows, expected);
  });
});
