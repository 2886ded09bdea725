import type { LedgerEvent } from '../../ledger/event/event.js';
import { checkingChain } from '../store/chain.js';
import type { ShipSource } from './source.js';

/** Reads a queue batch by batch; reads the next batch while the trail is busy with the last one. */
export class ReadAhead {
  readonly #queue: Pick<ShipSource, 'uuid' | 'read'>;
  readonly #limit: number;
  #ahead: { readonly after: number; readonly events: readonly LedgerEvent[] } | undefined;

  /** @param limit most events of a batch */
  constructor(queue: Pick<ShipSource, 'uuid' | 'read'>, limit: number) {
    this.#queue = queue;
    this.#limit = limit;
  }

  /** The events after this one. Throws what reading throws. */
  read(after: number): readonly LedgerEvent[] {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead?.after === after ? ahead.events : this.#queue.read(after, this.#limit);
  }

  /** Reads and checks the batch after a full one, in small portions. If that fails, {@link read} tries again and throws. */
  *readOn(batch: readonly LedgerEvent[]): Generator<void> {
    if (batch.length < this.#limit) return;
    const after = batch.at(-1)!.sequence;
    try {
      const events = this.#queue.read(after, this.#limit);
      yield* checkingChain(this.#queue.uuid, events);
      this.#ahead = { after, events };
    } catch {
      this.#ahead = undefined;
    }
  }
}
