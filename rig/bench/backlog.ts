import { rmSync } from 'node:fs';
import { ServerStore } from '../../src/server/store/server-store.js';
import { DAY_START, draftOf, type WorkloadOptions } from '../lab/workload.js';

/** Events of one commit, which have one time: fewer than there are addresses, so that an address has one event at a time. */
const COMMIT = 1000;

export type Backlog = Omit<WorkloadOptions, 'queue'>;

/** Fills a queue file, through the server's own commits, with events that no shipper has taken yet. */
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
