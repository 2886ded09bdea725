import { UsageError } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros, toIsoTime } from '../../base/time.js';
import { readingsOf, startOfDay, toWallTime, type WallTime } from './zone.js';

/** What a typed time is relative to. */
export interface TimeContext {
  readonly now: Micros;
  /** Zone of a time without one; IANA name. */
  readonly zone: string;
}

const HINT = 'write it as 2026-11-20T14:03:07Z, "2026-11-20 14:03", 2026-11-20, "yesterday 14:03", "2h ago" or now';

const CALENDAR =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/i;
const DAY_WORD = /^(today|yesterday)(?: (\d\d?):(\d\d)(?::(\d\d))?)?$/i;
const AGO = /^((?:\d{1,9} ?[a-z]+ ?)+) ago$/i;

const SECOND = MICROS_PER_SECOND;
const UNITS: readonly (readonly [RegExp, Micros])[] = [
  [/^(s|sec|secs|seconds?)$/i, SECOND],
  [/^(m|min|mins|minutes?)$/i, 60 * SECOND],
  [/^(h|hours?)$/i, 3600 * SECOND],
  [/^(d|days?)$/i, 86_400 * SECOND],
  [/^(w|weeks?)$/i, 7 * 86_400 * SECOND],
];
/** Later microseconds are not exact in a double. */
const LAST_YEAR = 2254;

/**
 * Reads a time as an auditor types it: ISO 8601 with or without zone, to the minute, second or microsecond; a date alone
 * (its first moment); `now`, `2h ago`, `1d 12h ago` (a day is 24 hours), `today`, `yesterday 14:00`.
 * Throws UsageError with a hint, also for a local time that the zone's clock shows twice or never.
 */
export function parseTimeInput(text: string, context: TimeContext): Micros {
  const given = text.trim().replace(/\s+/g, ' ');
  if (/^now$/i.test(given)) return context.now;
  const at = ago(given, context) ?? dayWord(given, context) ?? calendar(given, context);
  if (at === undefined) throw new UsageError(`"${text}" is not a time`, { hint: HINT });
  if (at < 0) throw new UsageError(`"${text}" lies before 1970`, { hint: HINT });
  return at;
}

/**
 * A moment as a stretch [from, until): the whole second where it is written to the second or coarser, as tables show times; one
 * microsecond for `now`, `2h ago` and times with a fraction. Throws as {@link parseTimeInput} does.
 */
export function parseMomentInput(text: string, context: TimeContext): { from: Micros; until: Micros } {
  const from = parseTimeInput(text, context);
  const exact = /^now$| ago$|\.\d/i.test(text.trim());
  return { from, until: from + (exact ? 1 : SECOND) };
}

function ago(text: string, { now }: TimeContext): Micros | undefined {
  const match = AGO.exec(text);
  if (!match) return undefined;
  let at = now;
  for (const [, count, word] of match[1]!.matchAll(/(\d+) ?([a-z]+)/gi)) {
    const unit = UNITS.find(([pattern]) => pattern.test(word!));
    if (!unit)
      throw new UsageError(`"${word}" in "${text}" is not a unit of time`, {
        hint: 'use s, m, h, d or w, as in "2h ago"',
      });
    at -= Number(count) * unit[1];
  }
  return at;
}

function dayWord(text: string, { now, zone }: TimeContext): Micros | undefined {
  const match = DAY_WORD.exec(text);
  if (!match) return undefined;
  const today = toWallTime(now, zone);
  const back = match[1]!.toLowerCase() === 'yesterday' ? 1 : 0;
  const date = new Date(Date.UTC(today.year, today.month - 1, today.day - back));
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (match[2] === undefined) return startOfDay(year, month, day, zone);
  const wall = { year, month, day, hour: Number(match[2]), minute: Number(match[3]), second: Number(match[4] ?? 0) };
  return local(checked(wall, text), zone, text);
}

function calendar(text: string, { zone }: TimeContext): Micros | undefined {
  const match = CALENDAR.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const wall = checked({ year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second: second! }, text);
  if (match[4] === undefined) return startOfDay(wall.year, wall.month, wall.day, zone);
  const fraction = Number((match[7] ?? '').padEnd(6, '0'));
  const start = match[8] === undefined ? local(wall, zone, text) : utcOf(wall) - offsetMicros(match[8], text);
  return start + fraction;
}

/** A local time of the zone. */
function local(wall: WallTime, zone: string, text: string): Micros {
  const [first, second] = readingsOf(wall, zone);
  if (first === undefined) {
    throw new UsageError(`"${text}" does not exist in ${zone}: the clock was put forward over it`, {
      hint: 'give the time in UTC, with a Z behind it',
    });
  }
  if (second !== undefined) {
    throw new UsageError(`"${text}" happened twice in ${zone}: ${readings(first, second)}`, {
      hint: 'give one of these two times',
    });
  }
  return first;
}

function readings(first: Micros, second: Micros): string {
  return [first, second].map((at) => toIsoTime(at).replace('.000000', '')).join(' and ');
}

/** Throws UsageError unless the calendar has this time. */
function checked(wall: WallTime, text: string): WallTime {
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day));
  const real = date.getUTCMonth() + 1 === wall.month && date.getUTCDate() === wall.day;
  if (!real || wall.hour > 23 || wall.minute > 59 || wall.second > 59)
    throw new UsageError(`"${text}" is not in the calendar`, { hint: HINT });
  if (wall.year < 1970 || wall.year > LAST_YEAR)
    throw new UsageError(`"${text}" is not in the years 1970 to ${LAST_YEAR}`, { hint: HINT });
  return wall;
}

function utcOf(wall: WallTime): Micros {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) * 1000;
}

function offsetMicros(text: string, whole: string): Micros {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(text);
  if (!match) return 0;
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 14 || minutes > 59)
    throw new UsageError(`"${text}" in "${whole}" is not an offset from UTC`, { hint: 'write it as +02:00' });
  return (match[1] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60) * SECOND;
}
