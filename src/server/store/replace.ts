import type { Micros } from '../../base/time.js';
import { type Replacement, replaceQueue } from '../../ledger/queue/replace.js';
import { forgetRelationships } from './failover-rows.js';
import { SERVER_QUEUE } from './tables.js';

export interface ServerReplacement extends Replacement {
  /** Failover relationships that begin anew. */
  readonly relationships: readonly string[];
}

/**
 * Begins a new queue with the leases of the old one; see {@link replaceQueue}, also for errors. The file may be an old backup, so the
 * states of failover relationships are forgotten: the server asks its partners for all bindings.
 */
export function replaceServerQueue(file: string, now: Micros): ServerReplacement {
  const relationships: string[] = [];
  const replacement = replaceQueue(file, now, {
    kind: SERVER_QUEUE,
    alsoWrite: (db) => void relationships.push(...forgetRelationships(db, () => false)),
  });
  return { ...replacement, relationships };
}
