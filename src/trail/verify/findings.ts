/** What kind of fault a verification found. */
export type FaultKind =
  | 'changed'
  | 'missing'
  | 'inserted'
  | 'cut'
  | 'rolled-back'
  | 'checkpoint'
  | 'unsigned'
  | 'removal'
  | 'sighting'
  | 'gap'
  | 'place'
  | 'hold'
  | 'key';

/** One thing that is not as it should be. */
export interface Fault {
  readonly kind: FaultKind;
  /** The queue it was found in, null if it belongs to none. */
  readonly queue: string | null;
  /** Where in the queue; null if it is no matter of one event. */
  readonly sequence: number | null;
  /** What is wrong, one sentence without a period. */
  readonly message: string;
}

/** So many faults of one kind in one queue are told one by one; the others are only counted. */
const TOLD = 20;

/** Collects faults: a trail that is wholly broken must not fill the memory. */
export class Findings {
  readonly #told: Fault[] = [];
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** Adds a fault. */
  add(kind: FaultKind, queue: string | null, sequence: number | null, message: string): void {
    const name = `${kind}/${queue}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.#total += 1;
    if (count <= TOLD) this.#told.push({ kind, queue, sequence, message });
  }

  /** The faults that are told, in the order in which they were found. */
  get faults(): readonly Fault[] {
    return this.#told;
  }

  /** All faults, also those that are only counted. */
  get total(): number {
    return this.#total;
  }
}

/** `Event 5`, or `Events 5 to 7`. */
export function eventsText(from: number, to: number): string {
  return from === to ? `Event ${from}` : `Events ${from} to ${to}`;
}
