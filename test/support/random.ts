/** Integers from 0 to below the bound (an integer from 1 to 2^32). */
export type Random = (bound: number) => number;

/** The seed of this run: PORTLEDGER_SEED, to repeat a run, or a new one. Tests print it. */
export function runSeed(): number {
  return Number(process.env.PORTLEDGER_SEED ?? Date.now() % 0x1_0000_0000);
}

/** A small repeatable generator (xorshift32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
