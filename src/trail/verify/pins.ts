import type { Checkpoint } from '../../ledger/proof/checkpoint.js';

/** The hash of an event, known from outside of the trail. */
export interface Pin {
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** Where it is known from: `the local queue`. */
  readonly source: string;
}

/** What is known of a queue from outside of the trail. */
export interface Known {
  readonly pins: readonly Pin[];
  /** The last event that the queue has; the trail cannot have more. Null if that is not known. */
  readonly last: number | null;
}

/** What the queue on this machine knows. */
export interface LocalQueue {
  readonly queue: string;
  /** The last event that was shipped, 0 if none was, and its hash. */
  readonly shipped: number;
  readonly shippedHash: Uint8Array;
  /** The last event there is. */
  readonly last: number;
  readonly checkpoint: Checkpoint | undefined;
}

const LOCAL = 'the local queue';

/** Collects what is known of queues from outside of the trail; the trail must agree. */
export class PinBoard {
  readonly #queues = new Map<string, Known>();

  /** By queue. */
  get queues(): ReadonlyMap<string, Known> {
    return this.#queues;
  }

  /** Adds a checkpoint that was kept outside of the trail. */
  addCheckpoint({ queue, sequence, hash }: Checkpoint, source: string): void {
    this.#add(queue, [{ sequence, hash, source }], null);
  }

  /** Adds the local queue: the trail must have what was shipped, and no more events than the queue ever had. */
  addLocal({ queue, shipped, shippedHash, last, checkpoint }: LocalQueue): void {
    // The note of what was shipped may be lost; then nothing is known that the trail must have.
    const pins = shipped > 0 ? [{ sequence: shipped, hash: shippedHash, source: LOCAL }] : [];
    if (checkpoint && checkpoint.sequence < shipped) {
      pins.push({ sequence: checkpoint.sequence, hash: checkpoint.hash, source: LOCAL });
    }
    this.#add(queue, pins, last);
  }

  #add(queue: string, pins: readonly Pin[], last: number | null): void {
    const known = this.#queues.get(queue);
    this.#queues.set(queue, { pins: [...(known?.pins ?? []), ...pins], last: last ?? known?.last ?? null });
  }
}
