const { reporters, Runner } = require('mocha');

const REASON = Symbol.for('portledger.skip-reason');

/** Mocha's `spec`, then what could not run and why, and as the last line how many passed, failed and were skipped. */
module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = new Map();
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const reason = reasonOf(test);
      this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
    });
    // Added after the listener of the base class, which prints its own summary first.
    runner.once(Runner.constants.EVENT_RUN_END, () => this.#close());
  }

  #close() {
    const { passes, failures, pending } = this.stats;
    for (const [reason, count] of this.skipped) console.log(`Could not run ${count}: ${reason}`);
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
  }
};

function reasonOf(test) {
  for (let place = test; place; place = place.parent) if (place[REASON]) return place[REASON];
  return 'no reason given';
}
