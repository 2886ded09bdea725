/**
 * Prints what could not run and why, and as the last line how many passed, failed and were skipped. `skipped` has the number of each
 * reason.
 */
exports.printSummary = ({ passed, failed, skipped }) => {
  for (const [reason, count] of Object.entries(skipped)) console.log(`Could not run ${count}: ${reason}`);
  const pending = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  console.log(`${passed} passed, ${failed} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
};
