import { Sqlite } from '../../src/base/sqlite.js';
import type { PairState } from '../../src/server/store/failover-rows.js';
import { readBindings, readRelationships } from '../../src/server/store/failover-rows.js';

/** What a queue file has of failover pairs, as a server that starts would find it. */
export function readSharedState(file: string): PairState {
  const db = new Sqlite(file, { fileMustExist: true, readonly: true });
  try {
    return { bindings: [...readBindings(db)], records: readRelationships(db) };
  } finally {
    db.close();
  }
}
