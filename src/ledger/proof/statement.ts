/** What a statement may hold: bytes, text (UTF-8), whole numbers of 0 and more, or nothing. */
export type StatementField = Uint8Array | string | number | null;

const NULL_LENGTH = 0xffff_ffff;
const NUMBER_LENGTH = 8;

/**
 * The bytes that are signed: the purpose (`portledger checkpoint v1`) and a zero byte, then each field as a 4-byte length
 * (0xffffffff = null) and its bytes; numbers are 8 bytes, big-endian. The purpose in front keeps a signature of one kind
 * from being shown as one of another kind.
 * Throws RangeError for a number that is negative or no safe integer.
 */
export function encodeStatement(purpose: string, fields: readonly StatementField[]): Buffer {
  const parts = [Buffer.from(`${purpose}\0`, 'utf8')];
  for (const field of fields) {
    const bytes = fieldBytes(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes === null ? NULL_LENGTH : bytes.length);
    parts.push(length);
    if (bytes !== null) parts.push(Buffer.from(bytes));
  }
  return Buffer.concat(parts);
}

function fieldBytes(field: StatementField): Uint8Array | null {
  if (typeof field === 'string') return Buffer.from(field, 'utf8');
  if (typeof field !== 'number') return field;
  if (!Number.isSafeInteger(field) || field < 0) throw new RangeError(`${field} cannot be part of a signed statement`);
  const bytes = Buffer.alloc(NUMBER_LENGTH);
  bytes.writeBigUInt64BE(BigInt(field));
  return bytes;
}
