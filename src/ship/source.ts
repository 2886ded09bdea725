import type { Micros } from '../base/time.js';
import type { LedgerEvent } from '../event/event.js';

/** The queue as the shipper needs it; QueueReader is one. */
export interface ShipSource {
  readonly uuid: string;
  readonly server: string;
  /** The last event noted as shipped, and the last one there is. */
  position(): { shipped: number; last: number; lastAt: Micros | null };
  /** Up to `limit` events after sequence `after`, in order. */
  read(after: number, limit: number): LedgerEvent[];
  /** Notes that all events up to this one are in the trail. */
  markShipped(sequence: number, hash: Uint8Array): void;
  close(): void;
}
