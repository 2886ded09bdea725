import type { Kind } from './schema.js';
import { suggestion } from './schema.js';
import type { YamlPath } from './yaml-path.js';

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A text that `rule` accepts. */
export function text(type: string, rule: (value: string) => boolean, hint: string): Kind<string> {
  return {
    type,
    read: (value, at) => {
      if (typeof value !== 'string') {
        return at.fault('is not a text', value, `${hint}; put the value in quotes`);
      }
      return rule(value) ? value : at.fault(`is not a ${type}`, value, hint);
    },
  };
}

/** A secret is never shown, whatever is wrong with it. */
export const secret: Kind<string> = {
  type: 'text',
  read: (value, at) =>
    typeof value === 'string' && value !== ''
      ? value
      : at.fault(
          'the secret (not shown) is not a text',
          undefined,
          `put it in quotes, or write \${NAME} to take it from the environment`,
        ),
};

export const boolean: Kind<boolean> = {
  type: 'true or false',
  read: (value, at) => {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return at.fault('is neither true nor false', value, 'write true or false, without quotes');
  },
};

/** A whole number from `min` to `max`. */
export function integer(type: string, min: number, max: number): Kind<number> {
  return {
    type,
    read: (value, at) => {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      if (Number.isInteger(number) && (number as number) >= min && (number as number) <= max) return number as number;
      return at.fault(`is not a ${type}`, value, `write a whole number from ${min} to ${max}`);
    },
  };
}

export const port = integer('port', 1, 65_535);

/** One of a few words. */
export function choice<T extends string>(words: readonly T[]): Kind<T> {
  return {
    type: words.join(', '),
    read: (value, at) => {
      const word = words.find((candidate) => candidate === value);
      return word ?? at.fault(`is not one of ${words.join(', ')}`, value, suggestion(String(value), words));
    },
  };
}

/** Seconds from `min` to `max`: written as a number of seconds, or 30s, 10m, 1h, 1d, 1w. */
export function duration(min: number, max: number): Kind<number> {
  return {
    type: 'duration',
    read: (value, at) => {
      const seconds = inUnits(value, DURATION_UNITS, 's');
      if (seconds === undefined) {
        return at.fault('is not a duration', value, 'write a number of seconds, or as 30s, 10m, 1h, 1d');
      }
      return inRange(seconds, min, max, value, at);
    },
  };
}

/** Bytes: a number, or 512K, 10M, 1G (powers of 1024). */
export function size(min: number): Kind<number> {
  return {
    type: 'size',
    read: (value, at) => {
      const bytes = inUnits(value, SIZE_UNITS, 'B');
      if (bytes !== undefined && bytes >= min && Number.isSafeInteger(bytes)) return bytes;
      return at.fault('is not a size', value, `write bytes (at least ${min}), or as 512K, 10M, 1G`);
    },
  };
}

function inUnits(value: unknown, units: Readonly<Record<string, number>>, unit: string): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined;
  const match = typeof value === 'string' ? /^(\d{1,15})([a-z]?)$/i.exec(value) : null;
  const factor = match ? units[match[2] || unit] : undefined;
  return factor === undefined ? undefined : Number(match![1]) * factor;
}

function inRange(seconds: number, min: number, max: number, value: unknown, at: YamlPath): number | undefined {
  if (seconds >= min && seconds <= max) return seconds;
  const wrong = seconds < min ? `shorter than ${min} seconds` : `longer than ${max} seconds`;
  return at.fault(`is ${wrong}`, value, `write a duration from ${min} to ${max} seconds`);
}
