/** A hardware address of 0-16 bytes as auditors type it: lower-case hex pairs joined by colons. */
export function formatMac(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('hex')
    .replace(/..(?=.)/g, '$&:');
}

/** Reads what {@link formatMac} wrote. Throws RangeError on anything else. */
export function parseMac(text: string): Buffer {
  if (!/^([0-9a-f]{2}(:[0-9a-f]{2})*)?$/.test(text)) throw new RangeError(`"${text}" is not a hardware address`);
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
