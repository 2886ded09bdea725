/** Microseconds since 1970-01-01T00:00:00Z, UTC, an integer (exact in a double until the year 2255). */
export type Micros = number;

export const MICROS_PER_SECOND = 1_000_000;

/** A clock; tests and simulations have their own. */
export interface Clock {
  /** Wall clock, UTC. May step in either direction. */
  now(): Micros;
  /** Microseconds of a clock that never steps, from an arbitrary start. */
  monotonic(): Micros;
}

/**
 * The machine's clock. Date.now() has milliseconds only; the microseconds come from the monotonic clock, kept within the
 * millisecond of Date.now(), so that a step of the wall clock shows at once.
 */
export class SystemClock implements Clock {
  #offset = 0;

  now(): Micros {
    const millis = Date.now();
    const estimate = Math.round(this.monotonic() + this.#offset);
    const low = millis * 1000;
    if (estimate >= low && estimate < low + 1000) return estimate;
    const nearest = estimate < low ? low : low + 999;
    this.#offset += nearest - estimate;
    return nearest;
  }

  monotonic(): Micros {
    return performance.now() * 1000;
  }
}

/** `2026-11-20 14:03:07.000123`, UTC: the form of DATETIME(6) columns, which sorts as time does. */
export function toSqlTime(at: Micros): string {
  const second = Math.floor(at / MICROS_PER_SECOND);
  const day = Math.floor(second / SECONDS_PER_DAY);
  if (day !== lastDay.day) lastDay = dayOf(day);
  const rest = second - day * SECONDS_PER_DAY;
  const hours = TWO_DIGITS[Math.floor(rest / 3600)];
  const minutes = TWO_DIGITS[Math.floor(rest / 60) % 60];
  const micros = String(at - second * MICROS_PER_SECOND).padStart(6, '0');
  return `${lastDay.text} ${hours}:${minutes}:${TWO_DIGITS[rest % 60]}.${micros}`;
}

const SECONDS_PER_DAY = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** The last day and its text: consecutive times are mostly of one day. */
let lastDay = dayOf(0);

function dayOf(day: number): { day: number; text: string } {
  return { day, text: new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10) };
}

/** Reads what {@link toSqlTime} wrote (a fraction of 0 to 6 digits). Throws RangeError on anything else. */
export function fromSqlTime(text: string): Micros {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  const millis = match ? Date.parse(`${match[1]}T${match[2]}Z`) : Number.NaN;
  if (!match || Number.isNaN(millis))
    throw new RangeError(`"${text}" is not a time of the form 2026-11-20 14:03:07.000000`);
  return millis * 1000 + Number((match[3] ?? '').padEnd(6, '0'));
}

/** Reads exactly the form that {@link toSqlTime} writes, fast. Throws RangeError on anything else. */
export function parseSqlTime(text: string): Micros {
  const day = text.slice(0, 10);
  if (day !== lastDay.text) lastDay = dayOf(fromSqlTime(`${day} 00:00:00`) / MICROS_PER_SECOND / SECONDS_PER_DAY);
  const [hours, minutes, seconds] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  const micros = 10_000 * twoDigits(text, 20) + 100 * twoDigits(text, 22) + twoDigits(text, 24);
  const isTime = text.length === 26 && text[10] === ' ' && text[13] === ':' && text[16] === ':' && text[19] === '.';
  // NaN compares as false, so a character that is no digit ends here, too.
  if (!isTime || !(hours < 24 && minutes < 60 && seconds < 60 && micros >= 0)) {
    throw new RangeError(`"${text}" is not a time of the form 2026-11-20 14:03:07.000000`);
  }
  const second = lastDay.day * SECONDS_PER_DAY + hours * 3600 + minutes * 60 + seconds;
  return second * MICROS_PER_SECOND + micros;
}

function twoDigits(text: string, index: number): number {
  const [tens, ones] = [text.charCodeAt(index) - 48, text.charCodeAt(index + 1) - 48];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

/** `2026-11-20T14:03:07.000123Z`. */
export function toIsoTime(at: Micros): string {
  return `${toSqlTime(at).replace(' ', 'T')}Z`;
}
