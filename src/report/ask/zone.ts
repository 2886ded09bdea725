import { closest } from 'fastest-levenshtein';
import { UsageError } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';

/** Date and time of day as a clock on the wall shows them, without a zone. */
export interface WallTime {
  readonly year: number;
  /** 1-12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DAY_MILLIS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Name of a zone of the IANA database, or `UTC`. Throws UsageError with the nearest name if there is no such zone. */
export function parseZone(text: string): string {
  // Newer versions of Node accept offsets such as +02:00, which are not zones: they have no daylight saving.
  if (/^[A-Za-z]/.test(text)) {
    try {
      const known = new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
      return known.toLowerCase() === text.toLowerCase() ? known : text;
    } catch {
      // RangeError: reported below
    }
  }
  const nearest = closest(text.slice(0, 64), Intl.supportedValuesOf('timeZone'));
  throw new UsageError(`"${text}" is not a time zone`, { hint: `use a name of the IANA database, such as ${nearest}` });
}

/** The date and time of day in the zone at that moment. */
export function toWallTime(at: Micros, zone: string): WallTime {
  const shifted = new Date(Math.floor(at / MICROS_PER_SECOND) * 1000 + offsetMillis(at, zone));
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
  };
}

/**
 * Every moment at which a clock in the zone shows this time, in order: one as a rule, none where the clock is put
 * forward over it, two where it is put back. Microseconds of a whole second.
 */
export function readingsOf(wall: WallTime, zone: string): Micros[] {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  const offsets = new Set([-DAY_MILLIS, DAY_MILLIS].map((away) => offsetMillis((asUtc + away) * 1000, zone)));
  return [...offsets]
    .filter((offset) => offsetMillis((asUtc - offset) * 1000, zone) === offset)
    .map((offset) => (asUtc - offset) * 1000)
    .sort((a, b) => a - b);
}

/**
 * The first moment of a day in the zone: midnight, or the end of the hour that is left out where a zone puts its clock
 * forward at midnight.
 */
export function startOfDay(year: number, month: number, day: number, zone: string): Micros {
  const midnight = { year, month, day, hour: 0, minute: 0, second: 0 };
  const [first] = readingsOf(midnight, zone);
  if (first !== undefined) return first;
  const asUtc = Date.UTC(year, month - 1, day);
  // With the offset from before the change, midnight is the moment of the change.
  return (asUtc - offsetMillis((asUtc - DAY_MILLIS) * 1000, zone)) * 1000;
}

/**
 * `2026-11-20 14:03:07` in the zone, to the second below. A time that the zone's clock shows twice has its offset
 * behind it, so that no two moments look alike.
 */
export function formatInZone(at: Micros, zone: string): string {
  const wall = toWallTime(at, zone);
  const date = `${pad(wall.year, 4)}-${pad(wall.month)}-${pad(wall.day)}`;
  const text = `${date} ${pad(wall.hour)}:${pad(wall.minute)}:${pad(wall.second)}`;
  const twice = zone !== 'UTC' && readingsOf(wall, zone).length > 1;
  return twice ? `${text}${formatOffset(offsetMillis(at, zone))}` : text;
}

function formatOffset(millis: number): string {
  const minutes = Math.abs(millis) / 60_000;
  return `${millis < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(Math.floor(minutes % 60))}`;
}

/** How far clocks in the zone are ahead of UTC at that moment, in whole seconds as milliseconds. */
function offsetMillis(at: Micros, zone: string): number {
  if (zone === 'UTC') return 0;
  const millis = Math.floor(at / MICROS_PER_SECOND) * 1000;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(millis)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - millis;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
