import type { Command } from 'commander';
import { SystemClock } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { publicPem } from '../../ledger/proof/key.js';
import { readKeyFile } from '../../ledger/proof/key-file.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { LogSystem } from '../../operate/log/log-system.js';
import { Checkpoints } from '../../server/checkpoints.js';
import { ServerStore } from '../../server/store/server-store.js';
import { configOf } from './context.js';
import { askRunningServer } from './running-server.js';

/** `portledger key`: the key that signs checkpoints. */
export function register(key: Command): void {
  key
    .command('show')
    .description('print the public key, for those who verify (its id on standard error)')
    .action((_options, command: Command) => {
      const { public: own } = readKeyFile(configOf(command).queue.keyFile);
      process.stdout.write(publicPem(own));
      process.stderr.write(`Key ${own.id}\n`);
    });
  key
    .command('rotate')
    .description('make a new key and certify it with the old one: whoever trusts the old key can trust the new one')
    .action(async (_options, command: Command) => {
      const { key: next, by } = await rotate(configOf(command));
      process.stdout.write(`Key ${next} signs from now on, certified by ${by}\n`);
    });
}

async function rotate(config: Config): Promise<{ key: string; by: string }> {
  const { file } = config.queue;
  const answer = await askRunningServer(file, 'rotate-key');
  return answer ?? (await rotateWithout(config));
}

/** Rotates the key in the queue file itself. Its lock makes sure that no server runs. */
async function rotateWithout(config: Config): Promise<{ key: string; by: string }> {
  const reader = QueueReader.open(config.queue.file);
  const { server } = reader;
  reader.close();
  const clock = new SystemClock();
  const logs = new LogSystem(config.log);
  const { queue } = ServerStore.open(config.queue.file, server, clock.now());
  try {
    return new Checkpoints({ queue, server, policy: config.queue, clock, logger: logs.module('queue') }).rotate();
  } finally {
    queue.close();
    await logs.close();
  }
}
