const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');
const { printSummary } = require('./summary.cjs');

const REASON = Symbol.for('portledger.skip-reason');

/**
 * Mocha's `spec`, then the summary. PORTLEDGER_TEST_SUMMARY names a file for the summary, as JSON, where several are added up.
 */
module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = {};
    this.seconds = {};
    this.#timeFiles(runner);
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const reason = reasonOf(test);
      this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
    });
    // Added after the listener of the base class, which prints its own summary first.
    runner.once(Runner.constants.EVENT_RUN_END, () => this.#close());
  }

  /** Adds up the time of each file's suites, hooks included. */
  #timeFiles(runner) {
    let began = 0;
    runner.on(Runner.constants.EVENT_SUITE_BEGIN, (suite) => {
      if (suite.parent?.root) began = performance.now();
    });
    runner.on(Runner.constants.EVENT_SUITE_END, (suite) => {
      if (!suite.parent?.root) return;
      const file = relative(process.cwd(), suite.file ?? '');
      this.seconds[file] = (this.seconds[file] ?? 0) + (performance.now() - began) / 1000;
    });
  }

  #close() {
    const { passes: passed, failures: failed } = this.stats;
    const summary = { passed, failed, skipped: this.skipped, seconds: this.seconds };
    const file = process.env.PORTLEDGER_TEST_SUMMARY;
    if (file === undefined) printSummary(summary);
    else writeFileSync(file, JSON.stringify(summary));
  }
};

function reasonOf(test) {
  for (let holder = test; holder; holder = holder.parent) if (holder[REASON]) return holder[REASON];
  return 'no reason given';
}
