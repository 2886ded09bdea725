import { UsageError } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

const UNITS: Readonly<Record<string, number>> = { d: 86_400, w: 7 * 86_400, y: 365 * 86_400 };

/** Reads an age such as `180d`, `26w` or `2y` (a year is 365 days). Nothing shorter: `6m` would be minutes to one and months to another. Throws UsageError. */
export function parseAge(text: string): Micros {
  const match = /^([1-9]\d{0,9})([dwy])$/.exec(text.trim());
  const age = match ? Number(match[1]) * UNITS[match[2]!]! * MICROS_PER_SECOND : Number.NaN;
  if (!Number.isSafeInteger(age)) {
    throw new UsageError(`"${text}" is not an age`, { hint: 'write a number and d, w or y, as in 180d, 26w or 2y' });
  }
  return age;
}
