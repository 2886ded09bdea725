import { chainHashOf } from '../event/encoding.js';
import type { LedgerEvent } from '../event/event.js';
import { BrokenChainError } from './errors.js';

/** True if this event follows, by sequence and hash, after the one named. */
export function continues(event: LedgerEvent, sequence: number, hash: Uint8Array): boolean {
  return event.sequence === sequence + 1 && chainHashOf(hash, event).equals(event.hash);
}

/** Throws BrokenChainError unless every event belongs to the queue and follows the one before it. */
export function checkChain(queue: string, events: readonly LedgerEvent[]): void {
  events.forEach((event, i) => {
    const previous = events[i - 1];
    const broken = previous !== undefined && !continues(event, previous.sequence, previous.hash);
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
}
