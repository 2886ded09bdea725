import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from '../../rig/lab/processes.js';
import { Program } from '../../rig/lab/program.js';
import { ship } from '../../rig/lab/trails.js';
import { TSX } from '../../rig/lab/tsx.js';
import { Trail } from '../../src/trail/store/trail.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';
import { NOON, queueOf, SECOND } from '../trail/store/campus.js';

describe('portledger report', function () {
  this.timeout(60_000);
  let folder: string;
  let installation: Installation;
  const config = (url: string) => ({ queue: { file: './a.queue' }, audit: { url } });

  before(async () => {
    folder = makeTempDir();
    installation = new Installation(folder, config('sqlite:./audit.db'));
    const trail = await Trail.open(`sqlite:${join(folder, 'audit.db')}`);
    await trail.migrate();
    const many = Array.from(
      { length: 3000 },
      (_, i) => [1000 + i, 'granted', { address: `10.1.${i >> 8}.${i & 255}` }] as const,
    );
    await ship(trail, queueOf([[0, 'granted'], [50, 'renewed', { circuitId: Buffer.from('p2') }], ...many]));
    await trail.recordGap({
      queue: '11111111-1111-4111-8111-111111111111',
      sequence: 1,
      kind: 'server-down',
      server: 'dhcp-a',
      from: NOON - 60 * SECOND,
      until: NOON,
      detail: null,
    });
    await trail.close();
  });

  after(() => removeTempDir(folder));

  const report = (...args: string[]) => installation.run('here', 'report', ...args);

  it('prints data on stdout, warnings on stderr, and exits 0', async () => {
    const { code, stdout, stderr } = await report('ip', '10.0.0.7', '--timezone', 'Europe/Berlin');
    assert.equal(
      stdout,
      'SWITCH  PORT  MAC                FIRST SEEN (Europe/Berlin)  LAST SEEN            ENDED\n' +
        'sw-a    p1    02:00:00:00:00:01  2026-11-20 15:00:00         2026-11-20 15:00:00  2026-11-20 15:00:50 moved\n' +
        'sw-a    p2    02:00:00:00:00:01  2026-11-20 15:00:50         2026-11-20 15:00:50  2026-11-20 15:02:30 expired\n',
    );
    assert.equal(
      stderr,
      'warning: no evidence between 2026-11-20 14:59:00 and 2026-11-20 15:00:00 Europe/Berlin (dhcp-a: server-down)\n',
    );
    assert.equal(code, 0);
  });

  it('exits 1 and names the gap where it finds nothing', async () => {
    const { code, stdout, stderr } = await report('ip', '10.0.0.7', '--at', '2026-11-20T13:59:30Z', '-o', 'json');
    const { rows, gaps, notes } = JSON.parse(stdout);
    assert.deepEqual([code, rows, gaps.length], [1, [], 1]);
    assert.deepEqual(
      notes.map((note: { code: string }) => note.code),
      ['no-evidence', 'gap', 'out-of-reach'],
    );
    assert.match(stderr, /^No evidence of 10\.0\.0\.7 at 2026-11-20 13:59:30 UTC\nwarning: no evidence between /);
  });

  it('exits 1 with the nearest names for an unknown port', async () => {
    const { code, stderr } = await report('port', 'sw-a', 'p11', '--at', '2026-11-20T14:00:30Z');
    assert.deepEqual(
      [code, stderr],
      [1, 'error: The trail knows no port "p11" on switch "sw-a" (the nearest are "p1", "p2")\n'],
    );
  });

  it('exits 2 for arguments that cannot be', async () => {
    const { code, stdout, stderr } = await report('mac', '02:00:00:00:00', '--at', 'noonish');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^error: "noonish" is not a time \(write it as .+\)\n$/);
    assert.equal((await report('ip', '10.0.0.7', '-o', 'xml')).code, 2);
    assert.equal((await report('port', 'sw-a')).code, 2);
  });

  it('ends quietly when its reader has enough', async () => {
    const main = join(import.meta.dirname, '../../src/apps/cli/main.ts');
    const args = ['--import', TSX, main, '--config', installation.configFile];
    const child = spawn(process.execPath, [...args, 'report', 'switch', 'sw-a', '-o', 'csv']);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    assert.match(stderr, /^warning: no evidence between [^\n]+\n$/);
  });

  it('says in one line, as every command does, that the answer cannot be written', async () => {
    for (const args of [['report', 'switch', 'sw-a'], ['status'], ['report', '--help']]) {
      const shell = ['sh', '-c', '"$@" > /dev/full', 'sh', ...installation.command(...args)];
      const program = new Program(shell, { cwd: folder });
      assert.deepEqual([(await program.ended).code, args], [2, args]);
      assert.match(program.stderr, /^error: Cannot write the answer: ENOSPC[^\n]*\n$/);
    }
  });

  it('exits 3 without making a file where there is no trail', async () => {
    const empty = makeTempDir();
    try {
      const other = new Installation(empty, config('sqlite:./data/audit.db'));
      const { code, stderr } = await other.run('here', 'report', 'gaps');
      assert.equal(code, 3);
      assert.match(
        stderr,
        /^error: Trail sqlite:.*audit\.db does not exist yet \(run portledger ship --once first.*\)\n$/,
      );
      assert.equal(existsSync(join(empty, 'data')), false);
      assert.deepEqual(readdirSync(empty), ['portledger.yaml']);
    } finally {
      removeTempDir(empty);
    }
  });

  it('exits 3 if the database does not answer', async () => {
    const empty = makeTempDir();
    try {
      const other = new Installation(empty, config('mysql://x:hush@127.0.0.1:9/trail'));
      const { code, stdout, stderr } = await other.run('here', 'report', 'ip', '10.0.0.7');
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, /^error: Trail mysql:\/\/x@127\.0\.0\.1:9\/trail cannot be opened/);
      assert.doesNotMatch(stderr, /hush/);
    } finally {
      removeTempDir(empty);
    }
  });

  it('shows examples in its help', async () => {
    const { code, stdout } = await report('port', '--help');
    assert.equal(code, 0);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
    assert.match(stdout, /Examples:\n/);
  });
});
