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
