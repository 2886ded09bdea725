import { randomFillSync } from 'node:crypto';

/** A client's identity has 257 bytes at most. */
const FACTORS = 258;

/**
 * A hash of clients' identities. Each byte position has a random secret factor, so that clients cannot choose identities with the same
 * hash.
 */
export class ClientHash {
  readonly #factors = randomFillSync(new Int32Array(FACTORS)).map((factor) => factor | 1);

  /** @param text latin1 */
  ofText(text: string): number {
    const factors = this.#factors;
    let hash = Math.imul(text.length, factors[0]!);
    for (let i = 0; i < text.length; i++)
      hash = (hash + Math.imul(text.charCodeAt(i), factors[(i % (FACTORS - 1)) + 1]!)) | 0;
    return hash >>> 0;
  }

  /** As {@link ofText}, for `length` bytes from `from` on. */
  ofBytes(bytes: Uint8Array, from: number, length: number): number {
    const factors = this.#factors;
    let hash = Math.imul(length, factors[0]!);
    for (let i = 0; i < length; i++) hash = (hash + Math.imul(bytes[from + i]!, factors[(i % (FACTORS - 1)) + 1]!)) | 0;
    return hash >>> 0;
  }
}
