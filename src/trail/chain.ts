import { chainHashOf } from '../event/encoding.js';
import type { LedgerEvent } from '../event/event.js';
import { storeEvents } from '../event/stored-event.js';
import { BrokenChainError } from './errors.js';

/** Lists that were found to be chains of a queue. */
const checked = new WeakMap<readonly LedgerEvent[], string>();

/** True if this event follows, by sequence and hash, after the one named. */
export function continues(event: LedgerEvent, sequence: number, hash: Uint8Array): boolean {
  return event.sequence === sequence + 1 && chainHashOf(hash, event).equals(event.hash);
}

/** Throws BrokenChainError unless every event belongs to the queue and follows the one before it. A list is looked at once. */
export function checkChain(queue: string, events: readonly LedgerEvent[]): void {
  if (checked.get(events) === queue) return;
  const stored = storeEvents(events);
  stored.forEach((event, i) => {
    const previous = stored[i - 1];
    const broken = previous !== undefined && !event.follows(previous);
    if (broken || event.queue !== queue) {
      throw new BrokenChainError(
        `Event ${event.sequence} of queue ${queue} does not continue event ${event.sequence - 1}`,
        {
          hint: 'the queue file is damaged or was edited: keep it as evidence, and start a new queue',
          fields: { queue, sequence: event.sequence },
        },
      );
    }
  });
  checked.set(events, queue);
}
