import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../../src/apps/cli/commands.js';
import { ROOT } from '../../support/pages.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const MAIN = 'dist/src/apps/cli/main.js';
const NO_LINE_OF_A_STACK = /^ +at /m;

describe('The start of portledger', function () {
  this.timeout(60_000);

  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
    cpSync(join(ROOT, 'dist/src'), join(folder, 'dist/src'), { recursive: true });
    for (const file of ['package.json', 'packaging']) cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  });
  afterEach(() => removeTempDir(folder));

  /** The packages of this checkout, but for those that a test puts there itself. */
  function linkPackages(except: (name: string) => boolean): void {
    mkdirSync(join(folder, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (!except(name)) symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    }
  }

  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [join(folder, MAIN), ...args], { cwd: folder, encoding: 'utf8' });
  }

  function assertOneLine(stderr: string, line: RegExp): void {
    assert.doesNotMatch(stderr, NO_LINE_OF_A_STACK);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.match(stderr, line);
  }

  it('without its packages is one line with what to do', () => {
    const { status, stderr } = run('--version');
    assertOneLine(stderr, /^error: Cannot find package 'commander'.*\(run npm ci with this Node, v\d+/);
    assert.equal(status, 2);
  });

  it('with a damaged native part is one line with what to do', () => {
    linkPackages((name) => /sqlite/.test(name));
    for (const name of readdirSync(join(ROOT, 'node_modules')).filter((one) => /sqlite/.test(one))) {
      cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
    }
    const natives = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.node'));
    for (const path of natives.filter((one) => /sqlite/.test(one))) truncateSync(join(folder, path), 64);
    writeFileSync(join(folder, 'portledger.yaml'), 'audit: { url: "sqlite:./audit.db" }\n');
    const { status, stderr } = run('report', 'gaps');
    assertOneLine(stderr, /^error: SQLite \(\S+\) is not installed for Node \d.*\(run npm ci with this Node/);
    assert.equal(status, 2);
  });

  it('with --debug prints the stack of that error as well', () => {
    const { stderr } = run('--version', '--debug');
    assert.match(stderr, NO_LINE_OF_A_STACK);
  });

  it('loads only what the command needs', () => {
    linkPackages(() => false);
    assert.equal(run('--version').status, 0);
    // Without knex no command opens a trail, but help and version do not need it
    rmSync(join(folder, 'node_modules/knex'));
    for (const args of [['--version'], ['--help']]) assert.equal(run(...args).status, 0);
    assert.equal(run('report', '--help').status, 2);
  });

  it('has help for every command, by option and by help', () => {
    linkPackages(() => false);
    for (const { name } of COMMANDS) {
      const { status, stdout } = run(name, '--help');
      assert.equal(status, 0, name);
      assert.match(stdout, new RegExp(`^Usage: portledger ${name}`), name);
      assert.equal(run('help', name).stdout, stdout, name);
    }
  });

  it('finds the command behind the options of the program', () => {
    linkPackages(() => false);
    for (const args of [
      ['-c', 'absent.yaml', 'report', 'gaps'],
      ['--config', 'absent.yaml', '--debug', 'report', 'gaps'],
      ['--config=absent.yaml', 'report', 'gaps'],
    ]) {
      const { status, stderr } = run(...args);
      assert.match(stderr, /absent\.yaml" cannot be read: there is no such file/, args.join(' '));
      assert.equal(status, 2);
    }
  });

  it('needs no node before its name', () => {
    accessSync(join(ROOT, MAIN), constants.X_OK);
  });

  it('suggests a command for one that is misspelt', () => {
    linkPackages(() => false);
    const { status, stderr } = run('repotr');
    assert.equal(status, 2);
    assert.match(stderr, /unknown command 'repotr'\n\(Did you mean report\?\)/);
  });
});
