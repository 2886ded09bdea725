/** How many of the slowest files are named: a whole run only. */
const SLOWEST = 12;

/**
 * Prints the slowest test files, what could not run and why, and as the last line how many tests passed, failed and were skipped.
 * `skipped` has the number of tests for each reason, `seconds` the time of each file.
 */
exports.printSummary = ({ passed, failed, skipped, seconds }) => {
  const slowest = Object.entries(seconds).sort(([, a], [, b]) => b - a);
  if (slowest.length > SLOWEST) {
    console.log('Slowest files:');
    for (const [file, time] of slowest.slice(0, SLOWEST)) console.log(`${time.toFixed(0).padStart(5)} s  ${file}`);
  }
  for (const [reason, count] of Object.entries(skipped)) console.log(`Could not run ${count}: ${reason}`);
  const pending = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  console.log(`${passed} passed, ${failed} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
};
