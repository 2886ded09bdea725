import { formatHardwareAddress } from '../../base/hardware-address.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { type Hold, isHoldSignedBy } from '../../ledger/proof/hold.js';
import type { PublicKey } from '../../ledger/proof/key.js';
import { claimedRing } from '../../ledger/proof/key-ring.js';
import { portId, portOf } from '../sightings/identity.js';
import type { Sighting } from '../sightings/rules.js';
import type { TrailConnection } from '../store/database.js';
import { readHolds } from '../store/hold-rows.js';
import { readIntroductions } from '../store/proof-rows.js';
import { RetainRefusedError } from './errors.js';

/**
 * Every hold. Throws RetainRefusedError if one is missing or not as it was signed: somebody may have lifted it by hand.
 */
export async function provenHolds(db: TrailConnection): Promise<Hold[]> {
  const holds = await readHolds(db);
  const ring = holds.length > 0 ? claimedRing(await readIntroductions(db)) : new Map<string, PublicKey>();
  for (const [i, hold] of holds.entries()) {
    if (hold.id !== i + 1) throw new RetainRefusedError(`Hold ${i + 1} is missing`);
    const key = ring.get(hold.keyId);
    if (!key || !isHoldSignedBy(hold, key)) throw new RetainRefusedError(`Hold ${hold.id} is not what was signed`);
  }
  return holds;
}

/** True if a hold in force covers the event. */
export function holdsEvent(holds: readonly Hold[], event: LedgerEvent): boolean {
  return holds.some((hold) => covers(hold, event.at, event.at) && hold.value === subjectOf(hold, event));
}

/** True if a hold in force covers any moment of the sighting. */
export function holdsSighting(holds: readonly Hold[], sighting: Sighting): boolean {
  const until = sighting.endedAt ?? sighting.leaseUntil;
  return holds.some(
    (hold) => covers(hold, sighting.firstSeen, until) && hold.value === subjectOfSighting(hold, sighting),
  );
}

function covers(hold: Hold, from: number, until: number): boolean {
  if (hold.liftedAt !== null) return false;
  return (hold.from === null || until >= hold.from) && (hold.to === null || from < hold.to);
}

function subjectOf(hold: Hold, event: LedgerEvent): string | null {
  if (hold.by === 'ip') return event.address;
  if (hold.by === 'mac') return event.hwaddr && formatHardwareAddress(event.hwaddr);
  const port = portOf(event);
  return port && portId(port).toString('hex');
}

function subjectOfSighting(hold: Hold, sighting: Sighting): string | null {
  if (hold.by === 'ip') return sighting.ip;
  if (hold.by === 'mac') return sighting.hwaddr && formatHardwareAddress(sighting.hwaddr);
  return sighting.portId?.toString('hex') ?? null;
}
