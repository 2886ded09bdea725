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

/** One fault. */
export interface Fault {
  readonly kind: FaultKind;
  /** The queue it was found in, null if it belongs to none. */
  readonly queue: string | null;
  /** The event it is about, null if it is about none. */
  readonly sequence: number | null;
  /** What is wrong, one sentence without a period. */
  readonly message: string;
}

/** Faults of one kind in one queue that are listed; further ones are only counted. */
const LISTED = 20;

/** Collects faults, in bounded memory: a trail may be wholly broken. */
export class Findings {
  readonly #listed: Fault[] = [];
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** Adds a fault. */
  add(kind: FaultKind, queue: string | null, sequence: number | null, message: string): void {
    const name = `${kind}/${queue}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.#total += 1;
    if (count <= LISTED) this.#listed.push({ kind, queue, sequence, message });
  }

  /** The listed faults, in the order in which they were found. */
  get faults(): readonly Fault[] {
    return this.#listed;
  }

  /** The number of all faults, listed or not. */
  get total(): number {
    return this.#total;
  }
}

/** `Event 5`, or `Events 5 to 7`. */
export function eventsText(from: number, to: number): string {
  return from === to ? `Event ${from}` : `Events ${from} to ${to}`;
}
