import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeEvent,
  encodeEvent,
  genesisHash,
  type NamedDraft,
  sealEvent,
} from '../../../src/ledger/event/encoding.js';
import { EventEncodingError } from '../../../src/ledger/event/errors.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { readStored, storeEvents } from '../../../src/ledger/event/stored-event.js';
import { anyEvent } from './any-event.js';

const QUEUE = 'dddddddd-4444-4444-8444-444444444444';
const someEvents = fc.array(anyEvent, { minLength: 1, maxLength: 5 });

/** The events as one chain. */
function seal(drafts: readonly NamedDraft[]): LedgerEvent[] {
  let hash: Uint8Array = genesisHash(QUEUE);
  return drafts.map((draft, i) => {
    const { event } = sealEvent({ ...draft, queue: QUEUE, sequence: i + 1 }, hash);
    hash = event.hash;
    return event;
  });
}

/** As they lie in a queue. */
function stored(events: readonly LedgerEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => [encodeEvent(event), event.hash]));
}

describe('Events by their stored bytes', () => {
  it('have every field that was stored', () => {
    fc.assert(
      fc.property(someEvents, (drafts) => {
        const events = drafts.map((draft) => ({ ...draft, hash: Buffer.alloc(32, draft.at % 256) }));
        readStored(stored(events)).forEach((event, i) => {
          const expected = events[i]!;
          for (const field of Object.keys(expected) as (keyof LedgerEvent)[])
            assert.deepEqual(event[field], expected[field], field);
          assert.deepEqual(decodeEvent(event.stored.subarray(0, -32)), drafts[i]);
        });
      }),
    );
  });

  it('are a chain if they were sealed as one, wherever the event before lies', () => {
    fc.assert(
      fc.property(someEvents, (drafts) => {
        const sealed = seal(drafts);
        const [together, apart] = [storeEvents(sealed), sealed.map((event) => storeEvents([event])[0]!)];
        for (let i = 1; i < sealed.length; i++) {
          assert.ok(together[i]!.follows(together[i - 1]!));
          assert.ok(apart[i]!.follows(apart[i - 1]!));
        }
      }),
    );
  });

  it('are none any more if one bit of them was changed', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, fc.nat(), fc.nat(7), (first, second, position, bit) => {
        const bytes = stored(seal([first, second]));
        const begin = bytes.length - stored(seal([first, second]).slice(1)).length;
        // Of the first event only the hash counts here: the event before it vouches for the rest.
        const at = begin - 32 + (position % (bytes.length - begin + 32));
        bytes[at]! ^= 1 << bit;
        try {
          const [one, other] = readStored(bytes);
          assert.ok(!other!.follows(one!));
        } catch (error) {
          assert.ok(error instanceof EventEncodingError);
        }
      }),
    );
  });

  it('are refused with their own error if they were damaged, whatever the damage', () => {
    fc.assert(
      fc.property(someEvents, fc.nat(), fc.nat(255), (drafts, position, value) => {
        const damaged = stored(seal(drafts));
        damaged[position % damaged.length] = value;
        for (const given of [damaged, damaged.subarray(0, position % damaged.length)]) {
          try {
            readStored(given);
          } catch (error) {
            assert.ok(error instanceof EventEncodingError);
          }
        }
      }),
    );
    assert.deepEqual(readStored(Buffer.alloc(0)), []);
  });
});
