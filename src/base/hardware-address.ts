/** The one place that prints and parses hardware addresses (chaddr, RFC 2131; Ethernet has 6 bytes). */

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `02:00:00:00:00:01`: lower-case hex, a colon between bytes; empty for no bytes. The trail has this form. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  let text = bytes.length === 0 ? '' : PAIRS[bytes[0]!]!;
  for (let i = 1; i < bytes.length; i++) text += `:${PAIRS[bytes[i]!]}`;
  return text;
}

/** Reads exactly what {@link formatHardwareAddress} writes, fast. Throws RangeError for anything else. */
export function parseHardwareAddress(text: string): Buffer {
  const bytes = Buffer.allocUnsafe((text.length + 1) / 3);
  for (let i = 0; i < bytes.length; i++) {
    const byte = 16 * hexDigit(text, 3 * i) + hexDigit(text, 3 * i + 1);
    // NaN where a character is no digit
    if (!(byte >= 0) || (i > 0 && text[3 * i - 1] !== ':')) throw notAddress(text);
    bytes[i] = byte;
  }
  if (text.length !== Math.max(0, 3 * bytes.length - 1)) throw notAddress(text);
  return bytes;
}

/** Reads an address of 2 to 16 bytes as people type it: any usual notation, either case. Undefined for anything else. */
export function readHardwareAddress(text: string): Buffer | undefined {
  const given = text.trim().toLowerCase();
  const digits = digitsOfPairs(given) ?? digitsOfGroups(given);
  return digits === undefined ? undefined : Buffer.from(digits, 'hex');
}

/** Notations of 6 bytes, either case. */
const ETHERNET = {
  /** `02:00:00:00:00:01`, `02-00-00-00-00-01` */
  pairs: /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i,
  /** `0200.0000.0001` */
  dotted: /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i,
  /** `0200-0000-0001` */
  dashed: /^(?:[0-9a-f]{4}-){2}[0-9a-f]{4}$/i,
  /** `020000000001` */
  digits: /^[0-9a-f]{12}$/i,
};
export type EthernetNotation = keyof typeof ETHERNET;

/**
 * Reads an address of 6 bytes in one of these notations. Undefined for anything else. The default has the two that no other text is
 * mistaken for; use {@link readHardwareAddress} where nothing but an address is expected.
 */
export function readEthernetAddress(
  text: string,
  notations: readonly EthernetNotation[] = ['pairs', 'dotted'],
): Buffer | undefined {
  const isKnown = notations.some((notation) => ETHERNET[notation].test(text));
  return isKnown ? Buffer.from(text.replace(/[:.-]/g, ''), 'hex') : undefined;
}

/** Two digits between colons, dashes or blanks; a leading zero may be missing (`0:1:2:a:b:c`). */
function digitsOfPairs(text: string): string | undefined {
  const match = /^[0-9a-f]{1,2}(?:([:\- ])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){0,14})?$/.exec(text);
  const separator = match?.[1];
  if (separator === undefined) return undefined;
  return text
    .split(separator)
    .map((part) => part.padStart(2, '0'))
    .join('');
}

/** Digits alone, or in groups of four or six: `0200.0000.0001`, `0200-0000-0001`, `020000-000001`. */
function digitsOfGroups(text: string): string | undefined {
  const grouped = /^[0-9a-f]{4}(?:([.:-])[0-9a-f]{4}(?:\1[0-9a-f]{4}){0,6})$|^[0-9a-f]{6}[-:][0-9a-f]{6}$/.test(text);
  const digits = grouped ? text.replace(/[.:-]/g, '') : text;
  return /^(?:[0-9a-f]{2}){2,16}$/.test(digits) ? digits : undefined;
}

function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : Number.NaN;
}

function notAddress(text: string): RangeError {
  return new RangeError(`"${text}" is not a hardware address`);
}
