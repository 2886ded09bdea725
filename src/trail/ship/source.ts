import type { Micros } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import type { Introduction } from '../../ledger/proof/introduction.js';

/** What the shipper needs of a queue; QueueReader is one. */
export interface ShipSource {
  readonly uuid: string;
  readonly server: string;
  /** The last event and the number of the last checkpoint noted as shipped, and the last event there is. */
  position(): { shipped: number; checkpoint: number; last: number; lastAt: Micros | null };
  /** Up to `limit` events after sequence `after`, in order. */
  read(after: number, limit: number): readonly LedgerEvent[];
  /** Checkpoints after number `after` that are about no event after `sequence`, in order. */
  checkpoints(after: number, sequence: number): readonly { number: number; checkpoint: Checkpoint }[];
  /** Every key that signed in this queue. */
  keys(): Introduction[];
  /** Notes that all events up to this one, and the checkpoints up to this number, are in the trail. */
  markShipped(sequence: number, hash: Uint8Array, checkpoint: number): void;
  /** True if the file of this queue was replaced or removed. Absent for a source that is no file. */
  isReplaced?(): boolean;
  close(): void;
}
