const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');
const { printSummary } = require('./summary.cjs');

const REASON = Symbol.for('portledger.skip-reason');

/** Mocha's `spec`, then the summary; in the file that PORTLEDGER_TEST_SUMMARY names, as JSON, if it is one of several to be added up. */
module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = {};
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const reason = reasonOf(test);
      this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
    });
    // Added after the listener of the base class, which prints its own summary first.
    runner.once(Runner.constants.EVENT_RUN_END, () => this.#close());
  }

  #close() {
    const { passes: passed, failures: failed } = this.stats;
    const summary = { passed, failed, skipped: this.skipped };
    const file = process.env.PORTLEDGER_TEST_SUMMARY;
    if (file === undefined) printSummary(summary);
    else writeFileSync(file, JSON.stringify(summary));
  }
};

function reasonOf(test) {
  for (let place = test; place; place = place.parent) if (place[REASON]) return place[REASON];
  return 'no reason given';
}
