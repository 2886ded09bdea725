import { rmSync } from 'node:fs';
import { Queue } from '../../src/queue/queue.js';
import { DAY_START, draftOf, type WorkloadOptions } from './workload.js';

/** Events that one commit of the server holds, as under load. */
const COMMIT = 100;

/** Fills a queue file, through the server's own commits, with events that no shipper has taken yet. */
export function fillQueue(file: string, options: Omit<WorkloadOptions, 'queue'>): void {
  for (const end of ['', '-wal', '-shm', '.shipped', '.ship.lock', '.serve.lock']) rmSync(file + end, { force: true });
  const queue = Queue.open(file, options.server, DAY_START);
  for (let i = 0; i < options.events; i += COMMIT) {
    const at = DAY_START + options.offset + i * options.step;
    const length = Math.min(COMMIT, options.events - i);
    const drafts = Array.from({ length }, (_, k) => draftOf(options, i + k, at));
    queue.commit([], drafts, at);
  }
  queue.close();
}
