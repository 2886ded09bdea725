import { genesisHash } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Removal } from '../../ledger/proof/removal.js';
import { continues } from '../store/chain.js';
import { RetainRefusedError } from './errors.js';

/** Events of one queue that follow one another and are removed together. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly hashBefore: Uint8Array;
  readonly hashAfter: Uint8Array;
}

/** A position in a queue's chain: the last event that was passed, and the stretch that ends with it, if it is removed. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly stretch: Stretch | null;
}

/** The position before the first event of a queue. */
export function startOf(queue: string): ChainPosition {
  return { sequence: 0, hash: genesisHash(queue), stretch: null };
}

/**
 * Passes an event that is in the trail. Throws RetainRefusedError unless it continues the chain, over what earlier runs
 * removed.
 */
export function pass(
  position: ChainPosition,
  event: LedgerEvent,
  remove: boolean,
  removals: readonly Removal[],
): ChainPosition {
  const { sequence, hash, stretch } = overRemovals(position, event, removals);
  if (!continues(event, sequence, hash)) {
    throw new RetainRefusedError(`Event ${event.sequence} of queue ${event.queue} does not continue event ${sequence}`);
  }
  const next = { sequence: event.sequence, hash: event.hash };
  if (!remove) return { ...next, stretch: null };
  const begun = stretch ?? { from: event.sequence, hashBefore: hash };
  return {
    ...next,
    stretch: { from: begun.from, to: event.sequence, hashBefore: begun.hashBefore, hashAfter: event.hash },
  };
}

function overRemovals(position: ChainPosition, event: LedgerEvent, removals: readonly Removal[]): ChainPosition {
  let here = position;
  while (here.sequence + 1 < event.sequence) {
    const removal = removals.find((one) => one.from === here.sequence + 1);
    if (!removal || Buffer.compare(removal.hashBefore, here.hash) !== 0) {
      throw new RetainRefusedError(`Queue ${event.queue} has no event ${here.sequence + 1}`);
    }
    here = { sequence: removal.to, hash: removal.hashAfter, stretch: null };
  }
  return here;
}
