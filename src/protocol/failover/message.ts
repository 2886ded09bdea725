import { MESSAGE, type MessageType, nameOf } from './codes.js';
import { FailoverWireError } from './errors.js';
import { lengthOf, OPTIONS, type OptionName, type OptionValues, optionOf, readValue, writeValue } from './options.js';

/** Octets of a message with its header. dhcpd drops the connection at any other length. */
export const MIN_LENGTH = 12;
export const MAX_LENGTH = 2048;

/** A time on the wire: whole seconds since 1970-01-01T00:00:00Z; 0 means none. */
export type Seconds = number;

export interface FailoverMessage {
  readonly type: MessageType;
  /** The sender's clock. */
  readonly time: Seconds;
  /** Number of the sender's message on this connection. An answer has the request's. */
  readonly xid: number;
  readonly options: OptionValues;
}

/** The options of each message in dhcpd's order, then this project's own. */
const WRITTEN: Readonly<Record<MessageType, readonly OptionName[]>> = {
  [MESSAGE.POOLREQ]: [],
  [MESSAGE.POOLRESP]: ['addresses-transferred'],
  [MESSAGE.BNDUPD]: [
    'assigned-IP-address',
    'binding-status',
    'client-identifier',
    'client-hardware-address',
    'lease-expiration-time',
    'potential-expiration-time',
    'start-time-of-state',
    'client-last-transaction-time',
    'IP-flags',
    'portledger-lease',
  ],
  [MESSAGE.BNDACK]: ['assigned-IP-address', 'reject-reason', 'message'],
  [MESSAGE.CONNECT]: [
    'relationship-name',
    'max-unacked-bndupd',
    'receive-timer',
    'vendor-class-identifier',
    'protocol-version',
    'TLS-request',
    'MCLT',
    'hash-bucket-assignment',
  ],
  [MESSAGE.CONNECTACK]: [
    'relationship-name',
    'max-unacked-bndupd',
    'receive-timer',
    'vendor-class-identifier',
    'protocol-version',
    'TLS-reply',
    'reject-reason',
    'message',
  ],
  [MESSAGE.UPDREQALL]: [],
  [MESSAGE.UPDDONE]: [],
  [MESSAGE.UPDREQ]: [],
  [MESSAGE.STATE]: ['server-state', 'server-flags', 'start-time-of-state'],
  [MESSAGE.CONTACT]: [],
  [MESSAGE.DISCONNECT]: ['reject-reason', 'message'],
};

/** Encodes a message. Options that its type does not have are not written. */
export function encodeMessage({ type, time, xid, options }: FailoverMessage): Buffer {
  const parts: Buffer[] = [Buffer.alloc(MIN_LENGTH)];
  for (const name of WRITTEN[type]) {
    const value = options[name];
    if (value === undefined) continue;
    const bytes = writeValue(name, value);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(OPTIONS[name].code, 0);
    head.writeUInt16BE(bytes.length, 2);
    parts.push(head, bytes);
  }
  const message = Buffer.concat(parts);
  message.writeUInt16BE(message.length, 0);
  message.writeUInt8(type, 2);
  message.writeUInt8(MIN_LENGTH, 3);
  message.writeUInt32BE(time, 4);
  message.writeUInt32BE(xid, 8);
  return message;
}

/**
 * Decodes one complete message. Options may be in any order. Skips unknown ones, and octets between header and payload offset.
 * @throws FailoverWireError on an unknown type, and on options that are cut off, come twice, or have a wrong length
 */
export function decodeMessage(bytes: Buffer): FailoverMessage {
  const type = bytes.readUInt8(2);
  const offset = bytes.readUInt8(3);
  if (nameOf(MESSAGE, type) === undefined) throw new FailoverWireError(`message type ${type} is not known`);
  if (offset < MIN_LENGTH || offset > bytes.length) {
    throw new FailoverWireError(`payload offset ${offset} lies outside the message of ${bytes.length} octets`);
  }
  const options = decodeOptions(bytes.subarray(offset));
  return { type: type as MessageType, time: bytes.readUInt32BE(4), xid: bytes.readUInt32BE(8), options };
}

function decodeOptions(bytes: Buffer): OptionValues {
  const values: Partial<Record<OptionName, number | string | Buffer>> = {};
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 4 > bytes.length) throw new FailoverWireError('the message ends within the header of an option');
    const code = bytes.readUInt16BE(offset);
    const length = bytes.readUInt16BE(offset + 2);
    offset += 4;
    if (offset + length > bytes.length) {
      throw new FailoverWireError(`option ${code} of ${length} octets reaches beyond the end of the message`);
    }
    const name = optionOf(code);
    if (name !== undefined) {
      if (values[name] !== undefined) throw new FailoverWireError(`option ${name} comes twice`);
      values[name] = checkedValue(name, bytes.subarray(offset, offset + length));
    }
    offset += length;
  }
  return values as OptionValues;
}

function checkedValue(name: OptionName, bytes: Buffer): number | string | Buffer {
  const expected = lengthOf(name);
  if (expected !== undefined && bytes.length !== expected) {
    throw new FailoverWireError(`option ${name} has ${bytes.length} octets instead of ${expected}`);
  }
  return readValue(name, bytes);
}
