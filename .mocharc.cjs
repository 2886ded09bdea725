const ALL = ['test/**/*.test.ts'];

// Mocha adds the files of the command line to those of this file; here they are meant to replace them.
const given = process.argv.slice(2).some((argument) => /^[^-].*\.test\.ts$|^(\.\/)?test\//.test(argument));

module.exports = {
  'node-option': ['import=tsx'],
  require: ['./test/support/hooks.ts'],
  reporter: './test/support/reporter.cjs',
  spec: given ? [] : ALL,
  // The other programs in `test` are not tests: one of them is what runs mocha
  extension: ['ts'],
  timeout: 10_000,
  forbidOnly: process.env.CI !== undefined,
};
