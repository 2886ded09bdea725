/** Milliseconds before the first repetition. */
const FIRST_WAIT = 250;
/** Milliseconds: no wait is longer. */
const LONGEST_WAIT = 30_000;

/**
 * The milliseconds to wait before each repetition: doubling up to the longest, each between half and all of it by
 * chance, so that the shippers of many servers do not all return at once. Endless unless `attempts` is given.
 * @param random gives numbers in [0, 1)
 */
export function* waits(attempts = Number.POSITIVE_INFINITY, random: () => number = Math.random): Generator<number> {
  let longest = FIRST_WAIT;
  for (let i = 0; i < attempts; i++) {
    yield Math.round((longest * (1 + random())) / 2);
    longest = Math.min(2 * longest, LONGEST_WAIT);
  }
}
