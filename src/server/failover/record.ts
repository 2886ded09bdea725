import type { RelationshipRecord } from './api.js';
import type { Relationship } from './relationship.js';

/** A change of the clock difference below this is not written on its own. Seconds. */
const CLOCK_STEP = 2;

/** The part of a relationship that must survive a restart. */
export function recordOf({ settings, machine, mclt, hbaHex, clock }: Relationship): RelationshipRecord {
  return {
    name: settings.name,
    role: settings.role,
    state: machine.state,
    since: machine.since,
    partnerState: machine.partnerState,
    partnerSince: machine.partnerSince,
    ...mclt.memory,
    hba: hbaHex,
    lostAt: machine.lostAt,
    partnerLostAt: machine.partnerLostAt,
    clockAhead: clock.ahead,
  };
}

/** True if `record` need not replace `stored`. */
export function sameRecord(record: RelationshipRecord, stored: RelationshipRecord | null): boolean {
  if (stored === null || Math.abs(record.clockAhead - stored.clockAhead) >= CLOCK_STEP) return false;
  return (Object.keys(record) as (keyof RelationshipRecord)[]).every(
    (key) => key === 'clockAhead' || record[key] === stored[key],
  );
}
