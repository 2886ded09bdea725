const ALL = ['test/**/*.test.ts'];

// Mocha adds the files of the command line to those of this file; here they are meant to replace them.
const given = process.argv.slice(2).some((argument) => /(^|\/)test\/|\.test\.ts$/.test(argument));

module.exports = {
  'node-option': ['import=tsx'],
  require: ['./test/support/hooks.ts'],
  reporter: './test/support/reporter.cjs',
  spec: given ? [] : ALL,
  timeout: 10_000,
  forbidOnly: process.env.CI !== undefined,
};
