import { MICROS_PER_SECOND, type Micros, toIsoTime } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { type Checkpoint, isSignedBy } from '../../ledger/proof/checkpoint.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import type { Findings } from './findings.js';

/** Most time from the making of a checkpoint to its arrival in the trail. */
const ON_THE_WAY: Micros = 60 * MICROS_PER_SECOND;

/** Checks the checkpoints of one queue against its events, and the events after the last checkpoint. */
export class SealCheck {
  readonly #queue: string;
  readonly #ring: KeyRing;
  readonly #findings: Findings;
  readonly #signers = new Set<string>();
  #last: Checkpoint | null = null;
  #unsigned = 0;
  /** When the next checkpoint is due at the latest, and the time of the last event after the last one. */
  #base: Micros | null = null;
  #lastAt: Micros | null = null;

  constructor(queue: string, ring: KeyRing, findings: Findings) {
    this.#queue = queue;
    this.#ring = ring;
    this.#findings = findings;
  }

  /** The last checkpoint that holds, null if none does. */
  get last(): Checkpoint | null {
    return this.#last;
  }

  /** Ids of the keys of all checkpoints that hold. */
  get signers(): ReadonlySet<string> {
    return this.#signers;
  }

  /** Events after that checkpoint. */
  get unsigned(): number {
    return this.#unsigned;
  }

  /** Checks a checkpoint. `hash` is that of its event, null if the event is not there. */
  check(checkpoint: Checkpoint, hash: Uint8Array | null): void {
    if (!this.isSigned(checkpoint)) return;
    if (hash !== null && Buffer.compare(hash, checkpoint.hash) !== 0) {
      this.#report(checkpoint, 'was signed over another hash than the event has');
      return;
    }
    this.#signers.add(checkpoint.keyId);
    this.#last = checkpoint;
    this.#unsigned = 0;
    this.#base = null;
  }

  /** True if a trusted key signed it; else reports it. */
  isSigned(checkpoint: Checkpoint): boolean {
    const key = this.#ring.get(checkpoint.keyId);
    if (key && isSignedBy(checkpoint, key)) return true;
    this.#report(
      checkpoint,
      key ? 'has a signature that does not fit it' : `is signed by key ${checkpoint.keyId}, which is not trusted`,
    );
    return false;
  }

  /** Notes an event. Call before {@link check} of a checkpoint about it. */
  note(event: LedgerEvent | null): void {
    this.#unsigned += 1;
    if (event === null) return;
    this.#lastAt = event.at;
    // A server that was down signed nothing, and a step of the clock says nothing about the time that passed.
    const restarts = event.kind === 'server-started' || event.kind === 'clock-stepped';
    if (this.#base === null || restarts) this.#base = event.at;
  }

  /** Reports a checkpoint that should have followed. */
  end(): void {
    if (this.#last === null || this.#unsigned === 0 || this.#base === null || this.#lastAt === null) return;
    const { nextWithin, sequence } = this.#last;
    const due = this.#base + nextWithin + Math.max(nextWithin, ON_THE_WAY);
    if (this.#lastAt <= due) return;
    this.#findings.add(
      'unsigned',
      this.#queue,
      sequence + 1,
      `The ${this.#unsigned} events after the checkpoint of event ${sequence} should have been signed by ${toIsoTime(due)}: checkpoints were removed, or the server could not sign`,
    );
  }

  #report({ sequence }: Checkpoint, what: string): void {
    this.#findings.add('checkpoint', this.#queue, sequence, `Checkpoint of event ${sequence} ${what}`);
  }
}
