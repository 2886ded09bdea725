import type { LedgerEvent } from '../../src/event/event.js';
import type { ShipSource } from '../../src/ship/source.js';

/** A queue in memory, which outlives its shippers as the file does. */
export class FakeQueue implements ShipSource {
  readonly uuid: string;
  readonly server: string;
  readonly events: LedgerEvent[];
  /** What was noted as shipped, in order. */
  readonly notes: number[] = [];
  shipped = 0;
  /** The process dies before this note is written, once. */
  dieBeforeNote = false;

  constructor(events: readonly LedgerEvent[]) {
    this.uuid = events[0]!.queue;
    this.server = events[0]!.server;
    this.events = [...events];
  }

  position(): ReturnType<ShipSource['position']> {
    const last = this.events.at(-1)!;
    return { shipped: this.shipped, last: last.sequence, lastAt: last.at };
  }

  read(after: number, limit: number): LedgerEvent[] {
    return this.events.filter((event) => event.sequence > after).slice(0, limit);
  }

  markShipped(sequence: number): void {
    if (this.dieBeforeNote) {
      this.dieBeforeNote = false;
      throw new Error('killed');
    }
    this.notes.push(sequence);
    this.shipped = sequence;
  }

  close(): void {}
}
