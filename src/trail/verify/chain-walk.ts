import { chainHash, chainHashOf, genesisHash } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { eventsText, type Findings } from './findings.js';

/** A row of table `events`. `event` is null if no server can have written the row; `fault` says why. */
export interface ReadEvent {
  readonly sequence: number;
  readonly hash: Buffer;
  readonly event: LedgerEvent | null;
  readonly fault: string | null;
  /** The stored canonical encoding of a quarantined event, else null. */
  readonly encoded: Buffer | null;
}

/** A position in a chain: the last sequence, and the hashes that the next event may continue (empty: not known). */
interface Position {
  sequence: number;
  hashes: readonly Uint8Array[];
}

/**
 * Follows the chain of one queue event by event and reports where it breaks. Each fault is reported once: after it the walk
 * continues from what is there.
 */
export class ChainWalk {
  readonly #queue: string;
  readonly #findings: Findings;
  #position: Position;

  constructor(queue: string, findings: Findings) {
    this.#queue = queue;
    this.#findings = findings;
    this.#position = { sequence: 0, hashes: [genesisHash(queue)] };
  }

  /** The last sequence that was passed. */
  get sequence(): number {
    return this.#position.sequence;
  }

  /** Starts after this event instead of before the first. */
  startAfter(sequence: number, hash: Uint8Array | null): void {
    this.#position = { sequence, hashes: hash === null ? [] : [hash] };
  }

  /** Steps over a removed stretch with the hashes before and after it. False if the hash before does not fit. */
  stepOver(to: number, hashBefore: Uint8Array, hashAfter: Uint8Array): boolean {
    const fits = this.#position.hashes.length === 0 || this.#position.hashes.some((hash) => isSame(hash, hashBefore));
    this.#position = { sequence: to, hashes: [hashAfter] };
    return fits;
  }

  /** Reports that the events from here to before this one are missing. */
  noteMissing(sequence: number): void {
    const from = this.#position.sequence + 1;
    const verb = from === sequence - 1 ? 'is' : 'are';
    this.#findings.add('missing', this.#queue, from, `${eventsText(from, sequence - 1)} ${verb} missing`);
    this.#position = { sequence: sequence - 1, hashes: [] };
  }

  /** Checks the next event of the queue. True if it fits the chain. */
  step(read: ReadEvent): boolean {
    const { sequence, hash } = read;
    if (sequence <= this.#position.sequence) {
      this.#findings.add(
        'inserted',
        this.#queue,
        sequence,
        `Event ${sequence} is there, though it was removed or set aside`,
      );
      return false;
    }
    if (sequence > this.#position.sequence + 1) this.noteMissing(sequence);
    const before = this.#position.hashes;
    const computed = this.#hashesOf(read, before);
    // After missing events there is no hash to compare with: the next event shows whether this one fits.
    const fits = computed !== null && (before.length === 0 || computed.some((one) => isSame(one, hash)));
    if (!fits && computed !== null) {
      const why = `Event ${sequence} does not fit its hash: it or the one before it was changed`;
      this.#findings.add('changed', this.#queue, sequence, why);
    }
    const first = computed?.[0];
    this.#position = { sequence, hashes: fits || first === undefined ? [hash] : [hash, first] };
    return fits;
  }

  /** The event's hash after each of these. Null, and reported, if no event can have given this row. */
  #hashesOf({ event, sequence, fault, encoded }: ReadEvent, before: readonly Uint8Array[]): Buffer[] | null {
    try {
      if (event && encoded) return before.map((one) => chainHash(one, encoded));
      if (event) return before.map((one) => chainHashOf(one, event));
    } catch {
      // reported below: a field holds what no event can
    }
    const why = fault ?? 'a column holds what no event can have';
    this.#findings.add('changed', this.#queue, sequence, `Event ${sequence} was changed: ${why}`);
    return null;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
