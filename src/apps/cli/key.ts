import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { SystemClock } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { checkpointToJson } from '../../ledger/proof/json.js';
import { publicPem } from '../../ledger/proof/key.js';
import { readKeyFile } from '../../ledger/proof/key-file.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { LogSystem } from '../../operate/log/log-system.js';
import { Checkpoints } from '../../server/checkpoints.js';
import { ServerStore } from '../../server/store/server-store.js';
import { configOf } from './context.js';
import { askRunningServer } from './running-server.js';

/** `portledger key` and `portledger checkpoint`: what signs, and signing now. */
export function registerKey(program: Command): void {
  const key = program.command('key').description('look after the key that signs checkpoints');
  key
    .command('show')
    .description('print the public key, for those who are to verify (its id on standard error)')
    .action((_options, command: Command) => {
      const { public: own } = readKeyFile(configOf(command).queue.keyFile);
      process.stdout.write(publicPem(own));
      process.stderr.write(`Key ${own.id}\n`);
    });
  key
    .command('rotate')
    .description('make a new key that the old one certifies; who trusts the old one trusts it, too')
    .action(async (_options, command: Command) => {
      const { key: next, by } = await rotate(configOf(command));
      process.stdout.write(`Key ${next} signs from now on, certified by ${by}\n`);
    });
  program
    .command('checkpoint')
    .description(
      'have the running server sign its last event now, and print the checkpoint as JSON, to be kept and given to verify (without a server: the last one)',
    )
    .action(async (_options, command: Command) => {
      process.stdout.write(`${JSON.stringify(await checkpoint(configOf(command)), null, 2)}\n`);
    });
}

async function rotate(config: Config): Promise<{ key: string; by: string }> {
  const { file } = config.queue;
  const answer = await askRunningServer(file, 'rotate-key');
  return (answer as { key: string; by: string } | undefined) ?? (await rotateWithout(config));
}

/** No server runs: nobody else writes the queue, which its lock makes sure of. */
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

/** Without a server the newest checkpoint is that of its stop. */
async function checkpoint({ queue: { file } }: Config): Promise<unknown> {
  const made = await askRunningServer(file, 'checkpoint');
  if (made !== undefined) return made;
  const reader = QueueReader.open(file);
  try {
    const newest = reader.newestCheckpoint();
    if (!newest)
      throw new UsageError(`Queue ${file} has no checkpoint yet`, { hint: 'start the server, which signs them' });
    process.stderr.write('note: no server runs on this queue; this is the last checkpoint that it signed\n');
    return checkpointToJson(newest);
  } finally {
    reader.close();
  }
}
