/** A hardware address of 0-16 bytes as auditors type it: lower-case hex pairs joined by colons. */
export function formatMac(bytes: Uint8Array): string {
  let text = bytes.length === 0 ? '' : PAIRS[bytes[0]!]!;
  for (let i = 1; i < bytes.length; i++) text += `:${PAIRS[bytes[i]!]}`;
  return text;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Reads what {@link formatMac} wrote. Throws RangeError on anything else. */
export function parseMac(text: string): Buffer {
  const bytes = Buffer.allocUnsafe((text.length + 1) / 3);
  for (let i = 0; i < bytes.length; i++) {
    const byte = 16 * hexDigit(text, 3 * i) + hexDigit(text, 3 * i + 1);
    // Not a number for what is no digit
    if (!(byte >= 0) || (i > 0 && text[3 * i - 1] !== ':')) throw notAddress(text);
    bytes[i] = byte;
  }
  if (text.length !== Math.max(0, 3 * bytes.length - 1)) throw notAddress(text);
  return bytes;
}

function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : Number.NaN;
}

function notAddress(text: string): RangeError {
  return new RangeError(`"${text}" is not a hardware address`);
}
