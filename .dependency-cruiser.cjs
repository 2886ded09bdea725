// The folders of src in the order of the data flow. A folder may import what it names here, and itself; nothing else.
const MAY_IMPORT = {
  base: [],
  net: ['base'],
  wire: ['base', 'net'],
  event: ['base'],
  switches: ['base'],
  lease: ['base', 'net'],
  queue: ['base', 'event', 'lease'],
  log: ['base'],
  config: ['base', 'net', 'wire', 'switches', 'log'],
  control: ['base'],
  server: ['base', 'net', 'wire', 'event', 'lease', 'queue', 'log', 'config', 'control'],
  trail: ['base', 'event', 'switches', 'migrations'],
  ship: ['base', 'event', 'queue', 'trail', 'log', 'config'],
  report: ['base', 'switches', 'trail'],
  demo: ['base', 'net', 'wire'],
  cli: [
    'base',
    'net',
    'wire',
    'event',
    'lease',
    'queue',
    'switches',
    'log',
    'config',
    'control',
    'server',
    'trail',
    'ship',
    'report',
    'demo',
  ],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-test-in-src', severity: 'error', from: { path: '^src' }, to: { path: '^(test|rig)/' } },
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      comment: `src/${folder} may import ${allowed.join(', ') || 'nothing'} of src`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: {
        path: '^(src|migrations)/',
        pathNot: `^(src/(${[folder, ...allowed].join('|')})/${allowed.includes('migrations') ? '|migrations/' : ''})`,
      },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
