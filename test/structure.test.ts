import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempDir, removeTempDir } from './support/temp.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');

/** What each district may import besides itself: the table of the architecture, written a second time so that no rule is loosened unseen. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  net: ['base'],
  protocol: ['base', 'net'],
  ledger: ['base'],
  operate: ['base', 'net'],
  server: ['base', 'net', 'protocol', 'protocol/relay-agent', 'ledger', 'operate'],
  trail: ['base', 'protocol/relay-agent', 'ledger', 'operate', 'migrations'],
  report: ['base', 'trail'],
  config: ['base', 'net', 'protocol', 'protocol/relay-agent', 'ledger', 'operate', 'server', 'trail', 'report'],
  apps: ['base', 'net', 'protocol', 'protocol/relay-agent', 'ledger', 'operate', 'server', 'trail', 'report', 'config'],
};
const TARGETS = [...Object.keys(MAY_IMPORT), 'protocol/relay-agent', 'migrations'];

/** An import and the rule that forbids it; no rule if it is allowed. */
interface Import {
  readonly from: string;
  readonly to: string;
  readonly rule?: string;
}

function districtImports(): Import[] {
  return Object.entries(MAY_IMPORT).flatMap(([district, allowed]) =>
    TARGETS.filter((target) => target.split('/')[0] !== district).map((target) => ({
      from: `src/${district}/to-${target.replace('/', '-')}.ts`,
      to: target === 'migrations' ? 'migrations/leaf.ts' : `src/${target}/leaf.ts`,
      ...(allowed.includes(target) ? {} : { rule: `${district}-imports` }),
    })),
  );
}

const OTHER_IMPORTS: readonly Import[] = [
  { from: 'src/base/circle-a.ts', to: 'src/base/circle-b.ts', rule: 'no-circular' },
  { from: 'src/base/circle-b.ts', to: 'src/base/circle-a.ts' }, // a circle is reported once
  { from: 'src/apps/to-test.ts', to: 'test/base/leaf.ts', rule: 'no-test-in-src' },
  { from: 'src/apps/to-rig.ts', to: 'rig/lab/leaf.ts', rule: 'no-test-in-src' },
  { from: 'migrations/to-test.ts', to: 'test/base/leaf.ts', rule: 'no-test-in-src' },
  { from: 'rig/bench/to-test.ts', to: 'test/base/leaf.ts', rule: 'rig-without-test' },
  { from: 'rig/lab/to-test.ts', to: 'test/base/leaf.ts', rule: 'rig-without-test' },
  { from: 'test/base/to-bench.ts', to: 'rig/bench/leaf.ts', rule: 'tests-take-the-lab-only' },
  { from: 'test/base/to-roles.ts', to: 'rig/roles/leaf.ts', rule: 'tests-take-the-lab-only' },
  { from: 'test/base/to-lab.ts', to: 'rig/lab/leaf.ts' },
  { from: 'test/rig/to-bench.ts', to: 'rig/bench/leaf.ts' },
  { from: 'rig/lab/to-bench.ts', to: 'rig/bench/leaf.ts', rule: 'lab-is-a-base' },
  { from: 'rig/lab/to-checker.ts', to: 'rig/checker/leaf.ts', rule: 'lab-is-a-base' },
  { from: 'rig/lab/to-roles.ts', to: 'rig/roles/leaf.ts' },
  { from: 'rig/bench/to-lab.ts', to: 'rig/lab/leaf.ts' },
  { from: 'rig/checker/to-src.ts', to: 'src/base/leaf.ts', rule: 'checker-is-independent' },
  { from: 'rig/checker/to-lab.ts', to: 'rig/lab/leaf.ts', rule: 'checker-is-independent' },
  { from: 'rig/roles/to-src.ts', to: 'src/base/leaf.ts', rule: 'rig-roles-are-independent' },
  { from: 'rig/roles/to-lab.ts', to: 'rig/lab/leaf.ts', rule: 'rig-roles-are-independent' },
  { from: 'src/trail/verify/to-knex.ts', to: 'node_modules/knex/leaf.ts', rule: 'sql-of-the-trail-in-its-store' },
  { from: 'src/report/to-knex.ts', to: 'node_modules/knex/leaf.ts', rule: 'sql-of-the-trail-in-its-store' },
  { from: 'src/apps/to-mysql.ts', to: 'node_modules/mysql2/leaf.ts', rule: 'sql-of-the-trail-in-its-store' },
  { from: 'src/trail/store/to-knex.ts', to: 'node_modules/knex/leaf.ts' },
  { from: 'migrations/to-knex.ts', to: 'node_modules/knex/leaf.ts' },
  { from: 'src/trail/sightings/to-store.ts', to: 'src/trail/store/leaf.ts', rule: 'sightings-are-pure' },
  { from: 'src/trail/sightings/to-event.ts', to: 'src/ledger/event/leaf.ts' },
  { from: 'src/ledger/to-sqlite.ts', to: 'node_modules/better-sqlite3/leaf.ts', rule: 'one-sqlite' },
  { from: 'test/base/to-sqlite.ts', to: 'node_modules/portledger-sqlite-node20/leaf.ts', rule: 'one-sqlite' },
  { from: 'src/base/sqlite.ts', to: 'node_modules/better-sqlite3/leaf.ts' },
];

/** Writes a module for each import, and an empty one where nothing else stands at its target. */
function writeTree(folder: string, imports: readonly Import[]): void {
  const files = new Map(imports.map(({ to }) => [to, 'export const leaf = 1;\n']));
  for (const { from, to } of imports)
    files.set(
      from,
      `import '${relative(dirname(from), to)
        .replace(/^(?!\.)/, './')
        .replace(/ts$/, 'js')}';\n`,
    );
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  writeFileSync(join(folder, 'tsconfig.json'), readFileSync(join(ROOT, 'tsconfig.json')));
}

/** What dependency-cruiser reports with the project's rules, as sorted lines `RULE: FROM -> TO`. */
function violations(folder: string): string[] {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', CONFIG, '--output-type', 'json', 'src', 'rig', 'test', 'migrations'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 24 });
  assert.notEqual(stdout, '', stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort();
}

describe('The import rules', function () {
  this.timeout(60_000);
  const imports = [...districtImports(), ...OTHER_IMPORTS];
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  it('refuse every forbidden import between districts, rig and test by the rule meant for it, and allow the others', () => {
    writeTree(folder, imports);
    const forbidden = imports.flatMap(({ rule, from, to }) => (rule ? [`${rule}: ${from} -> ${to}`] : []));
    assert.deepEqual(violations(folder), forbidden.sort());
  });

  it('are kept by the handle of the trail too: only its store uses knex', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const users = files.filter((file) => /\.knex\b|\bknexOf\(/.test(readFileSync(join(ROOT, 'src', file), 'utf8')));
    assert.ok(users.length > 10, 'the search finds the store');
    assert.deepEqual(
      users.filter((file) => !file.startsWith('trail/store/')),
      [],
    );
  });

  it('are each broken by one of these imports', () => {
    const { forbidden } = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
    const broken = new Set(imports.flatMap(({ rule }) => rule ?? []));
    assert.deepEqual([...broken].sort(), forbidden.map(({ name }) => name).sort());
  });
});
