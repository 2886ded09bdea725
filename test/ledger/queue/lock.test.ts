import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { acquireLock } from '../../../src/ledger/queue/lock.js';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../../src/ledger/queue/lock.ts')).href;

describe('The lock of a queue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-lock-'));
  const file = join(folder, 'a.lock');
  after(() => rmSync(folder, { recursive: true }));

  it('is held by one process, over its garbage collections, and freed when that process is killed', async () => {
    const script = `const { acquireLock } = await import(${JSON.stringify(MODULE)});
      acquireLock(${JSON.stringify(file)}, 'shipper');
      for (let i = 0; i < 3; i++) { gc(); await new Promise((done) => setTimeout(done, 10)); }
      console.log('held'); setInterval(() => {}, 1000);`;
    const flags = ['--expose-gc', '--import=tsx', '--input-type=module'];
    const holder: ChildProcess = spawn(process.execPath, [...flags, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    try {
      await once(holder.stdout!, 'data');
      assert.throws(() => acquireLock(file, 'shipper'), /Another shipper already runs on this queue/);
    } finally {
      holder.kill('SIGKILL');
    }
    await ended;
    const lock = acquireLock(file, 'shipper');
    lock.release();
    acquireLock(file, 'shipper').release();
  });
});
