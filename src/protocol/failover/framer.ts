import { FailoverWireError } from './errors.js';
import { MAX_LENGTH, MIN_LENGTH } from './message.js';

/** Splits the octets of a connection into messages. */
export class Framer {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Adds octets, and returns the messages that are complete now.
   * @throws FailoverWireError if a length is not 12-2048. The connection must then end. Messages before it are lost, which is harmless:
   * the partner sends again what was not acknowledged.
   */
  push(bytes: Uint8Array): Buffer[] {
    const all = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const messages: Buffer[] = [];
    let offset = 0;
    while (all.length - offset >= 2) {
      const length = all.readUInt16BE(offset);
      if (length < MIN_LENGTH || length > MAX_LENGTH) {
        throw new FailoverWireError(`message length ${length} is not between ${MIN_LENGTH} and ${MAX_LENGTH}`);
      }
      if (all.length - offset < length) break;
      messages.push(all.subarray(offset, offset + length));
      offset += length;
    }
    this.#rest = all.subarray(offset);
    return messages;
  }
}
