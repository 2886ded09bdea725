import { isHoldSignedBy } from '../../ledger/proof/hold.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import type { TrailConnection } from '../store/database.js';
import { readHolds } from '../store/hold-rows.js';
import type { Findings } from './findings.js';

/**
 * Checks that each hold is what a trusted key signed, and that none between the first and the last is missing. What nobody can tell
 * by the trail alone is that the newest were taken away.
 */
export async function checkHolds(db: TrailConnection, ring: KeyRing, findings: Findings): Promise<void> {
  let next = 1;
  for (const hold of await readHolds(db)) {
    const tell = (what: string): void => findings.add('hold', null, null, what);
    for (; next < hold.id; next++) tell(`Hold ${next} is missing`);
    next = hold.id + 1;
    const key = ring.get(hold.keyId);
    if (!key) tell(`Hold ${hold.id} is signed by key ${hold.keyId}, which is not trusted`);
    else if (!isHoldSignedBy(hold, key)) tell(`Hold ${hold.id} is not what was signed`);
  }
}
