/**
 * The districts of src in the order of the data flow: each may import itself and what it names here, nothing else. A name with a slash is
 * a part of a district. docs/architecture.md has the same table in words.
 */
const LEDGER = ['base'];
const SERVER = ['base', 'net', 'protocol', 'ledger', 'operate'];
const TRAIL = ['base', 'protocol/relay-agent', 'ledger', 'operate'];
const REPORT = ['base', 'trail'];
const CONFIG = [...SERVER, 'server', 'trail', 'report'];

const MAY_IMPORT = {
  base: [],
  net: ['base'],
  protocol: ['base', 'net'],
  ledger: LEDGER,
  operate: ['base', 'net'],
  server: SERVER,
  trail: TRAIL,
  report: REPORT,
  config: CONFIG,
  apps: [...CONFIG, 'config'],
};

/** Only the trail's store makes and reads the tables that migrations make. */
const MAY_MIGRATE = ['trail'];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-test-in-src', severity: 'error', from: { path: '^(src|migrations)/' }, to: { path: '^(test|rig)/' } },
    {
      name: 'rig-without-test',
      comment: 'what rig and test share is in rig/lab; the rig needs no test',
      severity: 'error',
      from: { path: '^rig/' },
      to: { path: '^test/' },
    },
    {
      name: 'tests-take-the-lab-only',
      comment: 'of the rig a test may import rig/lab; the tests of the rig itself are in test/rig',
      severity: 'error',
      from: { path: '^test/', pathNot: '^test/rig/' },
      to: { path: '^rig/', pathNot: '^rig/lab/' },
    },
    {
      name: 'lab-is-a-base',
      comment: 'rig/lab may import src and the roles, not the bench, the checker or the campus',
      severity: 'error',
      from: { path: '^rig/lab/' },
      to: { path: '^rig/', pathNot: '^rig/(lab|roles)/' },
    },
    {
      name: 'checker-is-independent',
      comment: 'what checks the trail must share no code with what writes it',
      severity: 'error',
      from: { path: '^rig/checker/' },
      to: { pathNot: '^rig/(checker/|roles/(labels|patch-panel)\\.ts$)' },
    },
    {
      name: 'rig-roles-are-independent',
      comment: 'switches and permuter of the rig know nothing of Portledger',
      severity: 'error',
      from: { path: '^rig/roles/' },
      to: { path: '^(src|migrations|test|rig)/', pathNot: '^rig/roles/' },
    },
    {
      name: 'sql-of-the-trail-in-its-store',
      comment:
        'only src/trail/store and migrations speak SQL to the trail, so only they may import its drivers; rig and test may look into it',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: '^(src/trail/store|migrations)/' },
      to: { path: '(^|/)node_modules/(knex|mysql2)/' },
    },
    {
      name: 'sightings-are-pure',
      comment: 'sightings follow from the events alone: their rules know no database',
      severity: 'error',
      from: { path: '^src/trail/sightings/' },
      to: { path: '^src/trail/', pathNot: '^src/trail/sightings/' },
    },
    {
      name: 'one-sqlite',
      comment: 'src/base/sqlite.ts chooses the build of better-sqlite3 that this Node can run',
      severity: 'error',
      from: { pathNot: '^src/base/sqlite\\.ts$' },
      to: { path: '(^|/)node_modules/(@types/)?(better-sqlite3(-napi)?|portledger-sqlite-[^/]+)/' },
    },
    ...Object.entries(MAY_IMPORT).map(([district, allowed]) => ({
      name: `${district}-imports`,
      comment: `src/${district} may import ${allowed.join(', ') || 'nothing'} of src`,
      severity: 'error',
      from: { path: `^src/${district}/` },
      to: {
        path: '^(src|migrations)/',
        pathNot: `^(src/(${[district, ...allowed].join('|')})/${MAY_MIGRATE.includes(district) ? '|migrations/' : ''})`,
      },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
