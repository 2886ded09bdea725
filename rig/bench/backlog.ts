import { rmSync } from 'node:fs';
import { ServerStore } from '../../src/server/store/server-store.js';
import { DAY_START, draftOf, type WorkloadOptions } from '../lab/workload.js';

/** Events of one commit, which share one time. Fewer than there are addresses, so that no address has two events at that time. */
const COMMIT = 1000;

export type Backlog = Omit<WorkloadOptions, 'queue'>;

/** Fills a queue file with events that no shipper has taken yet, by the same commits as a server's. */
export function fillQueue(file: string, options: Backlog): void {
  for (const end of ['', '-wal', '-shm', '.shipped', '.ship.lock', '.serve.lock']) rmSync(file + end, { force: true });
  const store = ServerStore.open(file, options.server, DAY_START);
  for (let i = 0; i < options.events; i += COMMIT) {
    const at = DAY_START + options.offset + i * options.step;
    const length = Math.min(COMMIT, options.events - i);
    const drafts = Array.from({ length }, (_, k) => draftOf(options, i + k, at));
    store.commit({ events: drafts, leases: [] }, at);
  }
  store.close();
}
