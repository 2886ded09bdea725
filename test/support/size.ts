/** The size of a test: `small` in `npm test`, `nightly` if PORTLEDGER_SIZE is nightly. */
export function sized<T>(small: T, nightly: T): T {
  return process.env.PORTLEDGER_SIZE === 'nightly' ? nightly : small;
}

/** Number of hostile datagrams in one test; PORTLEDGER_FUZZ overrides it. */
export const FUZZ_COUNT = Number(process.env.PORTLEDGER_FUZZ ?? sized(100_000, 1_000_000));
