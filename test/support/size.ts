/** Figures of a test that runs small with `npm test` and large with PORTLEDGER_SIZE=nightly. */
export function sized<T>(small: T, nightly: T): T {
  return process.env.PORTLEDGER_SIZE === 'nightly' ? nightly : small;
}

/** Hostile datagrams in one test; PORTLEDGER_FUZZ sets the number itself. */
export const FUZZ_COUNT = Number(process.env.PORTLEDGER_FUZZ ?? sized(100_000, 1_000_000));
