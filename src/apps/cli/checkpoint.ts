import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import type { Config } from '../../config/config.js';
import { checkpointToJson } from '../../ledger/proof/json.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { configOf } from './context.js';
import { askRunningServer } from './running-server.js';

/** `portledger checkpoint`: signs the last event now. */
export function register(command: Command): void {
  command.action(async () => {
    process.stdout.write(`${JSON.stringify(await checkpoint(configOf(command)), null, 2)}\n`);
  });
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
