import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import type { Checkpoint } from '../../../src/ledger/proof/checkpoint.js';
import type { Introduction } from '../../../src/ledger/proof/introduction.js';
import type { ShipSource } from '../../../src/trail/ship/source.js';

/** A queue in memory, which outlives its shippers as the file does. */
export class FakeQueue implements ShipSource {
  readonly uuid: string;
  readonly server: string;
  readonly events: LedgerEvent[];
  /** What was noted as shipped, in order. */
  readonly notes: number[] = [];
  readonly signed: Checkpoint[] = [];
  readonly introduced: Introduction[] = [];
  shipped = 0;
  checkpoint = 0;
  /** The process dies before this note is written, once. */
  dieBeforeNote = false;

  constructor(events: readonly LedgerEvent[]) {
    this.uuid = events[0]!.queue;
    this.server = events[0]!.server;
    this.events = [...events];
  }

  position(): ReturnType<ShipSource['position']> {
    const last = this.events.at(-1)!;
    return { shipped: this.shipped, checkpoint: this.checkpoint, last: last.sequence, lastAt: last.at };
  }

  read(after: number, limit: number): LedgerEvent[] {
    return this.events.filter((event) => event.sequence > after).slice(0, limit);
  }

  checkpoints(after: number, sequence: number): { number: number; checkpoint: Checkpoint }[] {
    const numbered = this.signed.map((checkpoint, i) => ({ number: i + 1, checkpoint }));
    return numbered.filter((one) => one.number > after && one.checkpoint.sequence <= sequence);
  }

  keys(): Introduction[] {
    return this.introduced;
  }

  markShipped(sequence: number, _hash: Uint8Array, checkpoint: number): void {
    if (this.dieBeforeNote) {
      this.dieBeforeNote = false;
      throw new Error('killed');
    }
    this.notes.push(sequence);
    this.shipped = sequence;
    this.checkpoint = checkpoint;
  }

  close(): void {}
}
