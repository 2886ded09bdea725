import type { Seconds } from './binding.js';
import { NEVER } from './lease-time.js';

/** What is remembered of the maximum client lead time, see {@link RelationshipRecord}. */
export interface McltMemory {
  readonly mclt: number;
  readonly formerMclt: number;
  readonly formerUntil: Seconds;
}

/**
 * The maximum client lead time, which the primary's configuration may change at any start. No client gets more than both servers know of,
 * so a longer one counts only once the partner was told; and leases that were given by a longer one of before are reckoned with until the last
 * of them is over. All in seconds.
 */
export class Mclt {
  /** Of the configuration: the primary's alone. */
  readonly #configured: number | undefined;
  readonly #longestLease: number;
  #agreed: number;
  #former: number;
  #formerUntil: Seconds;

  /** @param configured undefined at a secondary */
  constructor(configured: number | undefined, longestLease: number, memory: McltMemory | null) {
    this.#configured = configured;
    this.#longestLease = longestLease;
    this.#agreed = memory?.mclt ?? 0;
    this.#former = memory?.formerMclt ?? 0;
    this.#formerUntil = memory?.formerUntil ?? 0;
  }

  /** The one that the partner is told, or told last. 0 if a secondary has not heard it. */
  get announced(): number {
    return this.#configured ?? this.#agreed;
  }

  /** The one by which this server leases. */
  get granting(): number {
    return this.#agreed === 0 ? this.announced : Math.min(this.announced, this.#agreed);
  }

  /** The longest by which either server may have given a lease that is not over. */
  longest(now: Seconds): number {
    return Math.max(this.announced, this.#agreed, now <= this.#formerUntil ? this.#former : 0);
  }

  get memory(): McltMemory {
    return { mclt: this.#agreed, formerMclt: this.#former, formerUntil: this.#formerUntil };
  }

  /** A connection is set up: both know this one now. `promised`: the latest end of which either server may know. */
  agree(mclt: number, now: Seconds, promised: () => Seconds): void {
    if (mclt < this.#agreed) {
      this.#former = now <= this.#formerUntil ? Math.max(this.#former, this.#agreed) : this.#agreed;
      // The longest lease may have become shorter as well
      const lasting = Math.max(now, promised()) + this.#former;
      this.#formerUntil = Math.min(Math.max(this.#formerUntil, now + this.#longestLease, lasting), NEVER);
    }
    this.#agreed = mclt;
  }
}
