import { messageOf } from '../../../base/errors.js';
import { fromSqlTime, type Micros } from '../../../base/time.js';
import { DamagedTrailError } from '../errors.js';
import type { Value } from '../event-rows.js';

/** A row as every database returns it. */
export type SqlRow = Readonly<Record<string, Value>>;

/** Reads a DATETIME(6) that is never null. Throws DamagedTrailError. */
export function requiredTime(value: Value | undefined): Micros {
  try {
    return fromSqlTime(String(value));
  } catch (error) {
    throw new DamagedTrailError(`The trail is damaged: ${messageOf(error)}`, {
      hint: 'somebody changed it: portledger verify finds what was changed',
      cause: error,
    });
  }
}

/** Reads a DATETIME(6) or null. Throws DamagedTrailError. */
export function optionalTime(value: Value | undefined): Micros | null {
  return value === null || value === undefined ? null : requiredTime(value);
}
