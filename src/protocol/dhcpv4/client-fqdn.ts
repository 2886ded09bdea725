/** The E bit: the name is in wire form (RFC 4702 section 2.1). */
const WIRE_FORM = 0x04;
const HEADER_LENGTH = 3;

/**
 * The client's name in option 81 as the bytes of its text, without a final dot; undefined if there is none or the bytes are not a name.
 * Reads wire form and plain ASCII (RFC 4702 section 2.3.1, deprecated but in use).
 */
export function clientFqdnName(value: Uint8Array): Buffer | undefined {
  if (value.length <= HEADER_LENGTH) return undefined;
  const name = Buffer.from(value.subarray(HEADER_LENGTH));
  const text = (value[0]! & WIRE_FORM) === 0 ? name : dotted(name);
  const shown = text?.at(-1) === 0x2e ? text.subarray(0, -1) : text;
  return shown && shown.length > 0 ? shown : undefined;
}

/** Replaces length bytes by dots, in place. A name without its final zero is partial, which is allowed. */
function dotted(name: Buffer): Buffer | undefined {
  let offset = 0;
  while (offset < name.length) {
    const length = name[offset]!;
    if (length === 0) break;
    if (length > 63 || offset + 1 + length > name.length) return undefined;
    name[offset] = 0x2e;
    offset += 1 + length;
  }
  return name.subarray(1, offset);
}
