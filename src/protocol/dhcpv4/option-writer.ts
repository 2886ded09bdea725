import { OPTION } from './codes.js';
import { INSTANCE_LENGTH } from './layout.js';

/** An option to send: its code and its value, of any length. */
export type OutgoingOption = readonly [code: number, value: Uint8Array];

/** Bytes of a value with its code and length bytes; a value longer than 255 bytes is split (RFC 3396). */
export function encodedLength(value: Uint8Array): number {
  const { length } = value;
  return length <= INSTANCE_LENGTH ? length + 2 : length + 2 * Math.ceil(length / INSTANCE_LENGTH);
}

/** Writes one option, split into instances if it is too long. Returns the offset behind it. */
export function writeOption(bytes: Buffer, code: number, value: Uint8Array, offset: number): number {
  const { length } = value;
  if (length > INSTANCE_LENGTH) {
    const behind = writeOption(bytes, code, value.subarray(0, INSTANCE_LENGTH), offset);
    return writeOption(bytes, code, value.subarray(INSTANCE_LENGTH), behind);
  }
  bytes[offset] = code;
  bytes[offset + 1] = length;
  // Most values are this short, and then a loop is faster than a call into the runtime
  if (length <= 16) for (let i = 0; i < length; i++) bytes[offset + 2 + i] = value[i]!;
  else bytes.set(value, offset + 2);
  return offset + 2 + length;
}

/** A part of the message for options. Its free bytes are from `offset` to `end`. */
export interface Area {
  offset: number;
  readonly end: number;
}

/**
 * Writes each option into the first area with room for all of it. One longer than 255 bytes, which is split anyway, may be spread over
 * several areas. Returns the codes without room.
 */
export function packOptions(bytes: Buffer, areas: readonly Area[], options: readonly OutgoingOption[]): number[] {
  const omitted: number[] = [];
  for (const [code, value] of options) {
    const length = encodedLength(value);
    const area = areas.find(({ offset, end }) => end - offset >= length);
    if (area) area.offset = writeOption(bytes, code, value, area.offset);
    else if (value.length <= INSTANCE_LENGTH || !spread(bytes, areas, code, value)) omitted.push(code);
  }
  return omitted;
}

function spread(bytes: Buffer, areas: readonly Area[], code: number, value: Uint8Array): boolean {
  if (areas.reduce((sum, area) => sum + capacity(area), 0) < value.length) return false;
  let from = 0;
  for (const area of areas) {
    const to = Math.min(value.length, from + capacity(area));
    if (to > from) area.offset = writeOption(bytes, code, value.subarray(from, to), area.offset);
    from = to;
  }
  return true;
}

/** The longest value that fits into what is left of an area. */
function capacity({ offset, end }: Area): number {
  const instance = INSTANCE_LENGTH + 2;
  const left = end - offset;
  return Math.floor(left / instance) * INSTANCE_LENGTH + Math.max(0, (left % instance) - 2);
}

/** Throws RangeError for the codes that the encoder itself writes or that mean no option. */
export function checkCode(code: number): void {
  if (!(code > OPTION.pad && code < OPTION.end) || code === OPTION.overload || code === OPTION.relayAgentInformation)
    throw new RangeError(`Option ${code} cannot be among the options of a message to encode`);
}
