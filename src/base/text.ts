/**
 * Foreign bytes and foreign text as text that is safe to show. Which function is for what: see README.md. The text is never the
 * identity of the bytes.
 */

/** `0x` and lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** True if every byte is printable ASCII (0x20-0x7e) and there is at least one. */
export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/**
 * The printable text itself, else `0x` + hex. One trailing NUL is left out (several relays send one). Text that starts with
 * `0x` is written as hex, so that the two forms cannot be confused.
 */
export function toText(bytes: Uint8Array): string {
  const shown = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  return isPrintable(shown) && !(shown[0] === 0x30 && shown[1] === 0x78)
    ? Buffer.from(shown).toString('latin1')
    : toHex(bytes);
}

/**
 * Reversible ASCII text: printable bytes as they are, backslash as `\\`, everything else as `\xHH`.
 * Used where a column must be readable and still hold the exact bytes (hostname, vendor class).
 */
export function escapeBytes(bytes: Uint8Array): string {
  if (isPlain(bytes)) return latin1(bytes);
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x5c) text += '\\\\';
    else if (byte >= 0x20 && byte <= 0x7e) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** One character for each byte. */
export function latin1(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1');
}

/** True if no byte has to be escaped, as in nearly all names. */
function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return false;
  }
  return true;
}

/** Reads what {@link escapeBytes} wrote. Throws RangeError for anything else. */
export function unescapeBytes(text: string): Buffer {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(text)) return Buffer.from(text, 'latin1');
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e)
      throw new RangeError(`Unexpected character U+${code.toString(16)} in escaped bytes`);
    if (code !== 0x5c) {
      bytes.push(code);
    } else if (text[i + 1] === '\\') {
      bytes.push(0x5c);
      i += 1;
    } else {
      const hex = /^x([0-9a-f]{2})/.exec(text.slice(i + 1, i + 4));
      // Each byte string has one text: printable bytes must not be escaped.
      if (!hex || isPrintable(Buffer.from(hex[1]!, 'hex')))
        throw new RangeError(`Unexpected escape "${text.slice(i, i + 4)}" in escaped bytes`);
      bytes.push(Number.parseInt(hex[1]!, 16));
      i += 3;
    }
  }
  return Buffer.from(bytes);
}

/** Characters that show nothing, reorder or join what stands beside them, or move a terminal's cursor. */
const INVISIBLE = /[\p{C}\p{M}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * The text, safe to print: characters that control a terminal, show nothing or reorder their neighbours are written as
 * `\x1b` or `\u{202e}`. Printable ASCII and ordinary letters stay as they are.
 */
export function visible(text: string): string {
  return text.normalize('NFC').replace(INVISIBLE, (char) => {
    const code = char.codePointAt(0)!;
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
