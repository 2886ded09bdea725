import { UsageError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import { type Hold, type HoldClaim, signHold } from '../../ledger/proof/hold.js';
import type { SigningKey } from '../../ledger/proof/key.js';
import type { TrailConnection } from '../store/database.js';
import { readHolds, writeHold } from '../store/hold-rows.js';
import { inTransaction } from '../store/transaction.js';
import { lockTrail } from '../store/writer-lock.js';

/** A new hold, before the trail gives it its number. */
export type HoldDraft = Omit<HoldClaim, 'id' | 'liftedAt' | 'liftedBy'>;

/** Signs and stores a hold for each draft; returns them with their numbers. */
export async function placeHolds(
  trail: TrailConnection,
  drafts: readonly HoldDraft[],
  key: SigningKey,
): Promise<Hold[]> {
  return await inTransaction(trail, async (db) => {
    await lockTrail(db);
    let id = Math.max(0, ...(await readHolds(db)).map((hold) => hold.id));
    const placed: Hold[] = [];
    for (const draft of drafts) {
      id += 1;
      const hold = signHold({ ...draft, id, liftedAt: null, liftedBy: null }, key);
      await writeHold(db, hold);
      placed.push(hold);
    }
    return placed;
  });
}

/** Lifts a hold; it stays on record. Throws UsageError if no hold of this number is in force. */
export async function liftHold(
  trail: TrailConnection,
  id: number,
  by: string,
  at: Micros,
  key: SigningKey,
): Promise<Hold> {
  return await inTransaction(trail, async (db) => {
    await lockTrail(db);
    const hold = (await readHolds(db)).find((one) => one.id === id && one.liftedAt === null);
    if (!hold) throw new UsageError(`No hold ${id} is in force`, { hint: 'portledger hold list shows their numbers' });
    const lifted = signHold({ ...hold, liftedAt: at, liftedBy: by }, key);
    await writeHold(db, lifted);
    return lifted;
  });
}
