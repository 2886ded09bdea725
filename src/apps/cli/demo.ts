import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { acquireLock, type Lock } from '../../ledger/queue/lock.js';
import { runDemo } from '../demo/demo.js';

/** `portledger demo`: the main job in under half a minute, on loopback. */
export function register(command: Command): void {
  command
    .option(
      '--data <folder>',
      'where its configuration, queue and trail go (an earlier run is replaced)',
      './data/demo',
    )
    .action(async ({ data }: { data: string }) => {
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      const folder = resolve(data);
      const lock = lockOf(folder);
      try {
        await runDemo({ folder, main: process.argv[1]!, say });
      } finally {
        lock.release();
      }
    });
}

/** Locks the folder: a second run would remove the files of the first. */
function lockOf(folder: string): Lock {
  try {
    return acquireLock(join(folder, 'demo.lock'), 'demonstration');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`Another demonstration runs in ${folder}`, {
      hint: 'wait for its end, or give this one a folder of its own with --data',
      cause: error,
    });
  }
}
