import { isIP } from 'node:net';
import { UsageError } from '../../base/errors.js';

/** Reads a hardware address of 2 to 16 bytes in any usual notation; returns the trail's, `02:00:00:00:00:01`. Throws UsageError. */
export function parseMacInput(text: string): string {
  const given = text.trim().toLowerCase();
  const digits = pairs(given) ?? bare(given);
  if (digits === undefined) {
    throw new UsageError(`"${text}" is not a hardware address`, {
      hint: 'write it as 02:00:00:00:00:01, 02-00-00-00-00-01, 0200.0000.0001 or 020000000001',
    });
  }
  return digits.replace(/..(?=.)/g, '$&:');
}

/** Reads an IPv4 or IPv6 address; returns the canonical text that the trail has. Throws UsageError. */
export function parseAddressInput(text: string): string {
  const given = text.trim();
  const version = given.includes('%') ? 0 : isIP(given);
  if (version === 4) return given;
  if (version === 6) return new URL(`http://[${given}]`).hostname.slice(1, -1);
  throw new UsageError(`"${text}" is not an IP address`, { hint: 'write it as 198.18.0.1 or 2001:db8::1' });
}

/** Two digits between colons, dashes or blanks; a leading zero may be missing (`0:1:2:a:b:c`). */
function pairs(text: string): string | undefined {
  const match = /^[0-9a-f]{1,2}(?:([:\- ])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){0,14})?$/.exec(text);
  const separator = match?.[1];
  if (separator === undefined) return undefined;
  return text
    .split(separator)
    .map((part) => part.padStart(2, '0'))
    .join('');
}

/** Digits alone, or in groups of four or six: `0200.0000.0001`, `0200-0000-0001`, `020000-000001`. */
function bare(text: string): string | undefined {
  const grouped = /^[0-9a-f]{4}(?:([.:-])[0-9a-f]{4}(?:\1[0-9a-f]{4}){0,6})$|^[0-9a-f]{6}[-:][0-9a-f]{6}$/.test(text);
  const digits = grouped ? text.replace(/[.:-]/g, '') : text;
  return /^(?:[0-9a-f]{2}){2,16}$/.test(digits) ? digits : undefined;
}
