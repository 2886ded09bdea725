import { chainHashOf } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { storeEvents } from '../../ledger/event/stored-event.js';
import { BrokenChainError } from './errors.js';

/** Events between two pauses of a long check. */
const PORTION = 1000;

/** Lists that were checked already, with their queue. */
const checked = new WeakMap<readonly LedgerEvent[], string>();

/** True if this event continues the one with that sequence and hash. */
export function continues(event: LedgerEvent, sequence: number, hash: Uint8Array): boolean {
  return event.sequence === sequence + 1 && chainHashOf(hash, event).equals(event.hash);
}

/** Throws BrokenChainError unless every event belongs to the queue and follows the one before it. A list is checked once. */
export function checkChain(queue: string, events: readonly LedgerEvent[]): void {
  if (checked.get(events) === queue) return;
  for (const _ of checkingChain(queue, events));
}

/** Does the same as {@link checkChain}, in small portions. */
export function* checkingChain(queue: string, events: readonly LedgerEvent[]): Generator<void> {
  const stored = storeEvents(events);
  for (const [i, event] of stored.entries()) {
    const previous = stored[i - 1];
    if ((previous && !event.follows(previous)) || event.queue !== queue) throw brokenAt(queue, event);
    if (i % PORTION === 0) yield;
  }
  checked.set(events, queue);
}

function brokenAt(queue: string, { sequence }: LedgerEvent): BrokenChainError {
  return new BrokenChainError(`Event ${sequence} of queue ${queue} does not continue event ${sequence - 1}`, {
    hint: 'the queue file is damaged or was edited: keep it as evidence, and start a new queue',
    fields: { queue, sequence },
  });
}
