import { isHoldSignedBy } from '../../ledger/proof/hold.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import type { TrailConnection } from '../store/database.js';
import { readHolds } from '../store/hold-rows.js';
import type { Findings } from './findings.js';

/**
 * Checks that a trusted key signed each hold, and that none is missing before the last one. Removal of the newest holds cannot be
 * seen in the trail alone.
 */
export async function checkHolds(db: TrailConnection, ring: KeyRing, findings: Findings): Promise<void> {
  let next = 1;
  for (const hold of await readHolds(db)) {
    const report = (what: string): void => findings.add('hold', null, null, what);
    for (; next < hold.id; next++) report(`Hold ${next} is missing`);
    next = hold.id + 1;
    const key = ring.get(hold.keyId);
    if (!key) report(`Hold ${hold.id} is signed by key ${hold.keyId}, which is not trusted`);
    else if (!isHoldSignedBy(hold, key)) report(`Hold ${hold.id} is not what was signed`);
  }
}
