import type { Seconds } from './binding.js';
import { NEVER } from './lease-time.js';

/** The stored part of {@link Mclt}; see RelationshipRecord. Seconds. */
export interface McltMemory {
  readonly mclt: number;
  readonly formerMclt: number;
  readonly formerUntil: Seconds;
}

/**
 * The maximum client lead time (MCLT), which the primary's configuration may change at any start. A longer one counts only when both
 * servers know it. After a change to a shorter one, leases by the longer one are allowed for until the last of them is over. All in
 * seconds.
 */
export class Mclt {
  /** The configured one; only at the primary. */
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

  /** The one that the primary sends, or sent last. 0 at a secondary that has received none. */
  get announced(): number {
    return this.#configured ?? this.#agreed;
  }

  /** The one that limits this server's leases. */
  get granting(): number {
    return this.#agreed === 0 ? this.announced : Math.min(this.announced, this.#agreed);
  }

  /** The longest one that may apply to a lease that is not over. */
  longest(now: Seconds): number {
    return Math.max(this.announced, this.#agreed, now <= this.#formerUntil ? this.#former : 0);
  }

  get memory(): McltMemory {
    return { mclt: this.#agreed, formerMclt: this.#former, formerUntil: this.#formerUntil };
  }

  /** A connection was set up, so both servers know this one. `promised` returns the latest end that either server may have promised. */
  agree(mclt: number, now: Seconds, promised: () => Seconds): void {
    if (mclt < this.#agreed) {
      this.#former = now <= this.#formerUntil ? Math.max(this.#former, this.#agreed) : this.#agreed;
      // The longest lease time may have become shorter, too
      const lasting = Math.max(now, promised()) + this.#former;
      this.#formerUntil = Math.min(Math.max(this.#formerUntil, now + this.#longestLease, lasting), NEVER);
    }
    this.#agreed = mclt;
  }
}
