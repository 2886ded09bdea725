import { messageOf, UsageError } from '../../base/errors.js';
import { fromSqlTime, type Micros, toIsoTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../event/encoding.js';
import type { Checkpoint } from './checkpoint.js';
import type { Introduction } from './introduction.js';
import type { Removal } from './removal.js';

/** A file that does not have the expected form. */
export class ProofFormatError extends UsageError {
  override readonly code = 'proof-format';
}

/** Anything that JSON can hold. */
export type Json = Readonly<Record<string, unknown>>;

/** A checkpoint as JSON: bytes as hex, times as ISO 8601. */
export function checkpointToJson(checkpoint: Checkpoint): Json {
  const { queue, sequence, hash, at, nextWithin, keyId, signature } = checkpoint;
  return { queue, sequence, hash: hex(hash), at: toIsoTime(at), nextWithin, keyId, signature: hex(signature) };
}

/** Reads what {@link checkpointToJson} wrote. Throws ProofFormatError. */
export function checkpointOfJson(json: unknown): Checkpoint {
  const read = new Fields(json, 'checkpoint');
  return {
    queue: read.uuid('queue'),
    sequence: read.count('sequence'),
    hash: read.bytes('hash'),
    at: read.time('at'),
    nextWithin: read.count('nextWithin'),
    keyId: read.bytes('keyId').toString('hex'),
    signature: read.bytes('signature'),
  };
}

/** An introduction of a key as JSON. */
export function introductionToJson(introduction: Introduction): Json {
  const { keyId, publicKey, server, at, by, signature } = introduction;
  return { keyId, publicKey: hex(publicKey), server, at: toIsoTime(at), by, signature: signature && hex(signature) };
}

/** Reads what {@link introductionToJson} wrote. Throws ProofFormatError. */
export function introductionOfJson(json: unknown): Introduction {
  const read = new Fields(json, 'key');
  return {
    keyId: read.bytes('keyId').toString('hex'),
    publicKey: read.bytes('publicKey'),
    server: read.text('server'),
    at: read.time('at'),
    by: read.isNull('by') ? null : read.bytes('by').toString('hex'),
    signature: read.isNull('signature') ? null : read.bytes('signature'),
  };
}

/** A removal as JSON. */
export function removalToJson(removal: Removal): Json {
  const { queue, from, to, hashBefore, hashAfter, at, reason, keyId, signature } = removal;
  const hashes = { hashBefore: hex(hashBefore), hashAfter: hex(hashAfter) };
  return { queue, from, to, ...hashes, at: toIsoTime(at), reason, keyId, signature: hex(signature) };
}

/** Reads what {@link removalToJson} wrote. Throws ProofFormatError. */
export function removalOfJson(json: unknown): Removal {
  const read = new Fields(json, 'removal');
  return {
    queue: read.uuid('queue'),
    from: read.count('from'),
    to: read.count('to'),
    hashBefore: read.bytes('hashBefore'),
    hashAfter: read.bytes('hashAfter'),
    at: read.time('at'),
    reason: read.text('reason'),
    keyId: read.bytes('keyId').toString('hex'),
    signature: read.bytes('signature'),
  };
}

/** Reads the fields of a JSON object; each method throws ProofFormatError that names the field. */
export class Fields {
  readonly #object: Json;
  readonly #what: string;

  constructor(json: unknown, what: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new ProofFormatError(`The ${what} is not a JSON object`, HINT);
    }
    this.#object = json as Json;
    this.#what = what;
  }

  isNull(name: string): boolean {
    return this.#object[name] === null;
  }

  text(name: string): string {
    const value = this.#object[name];
    return typeof value === 'string' ? value : this.#fail(name, 'is not a text');
  }

  /** A whole number of 0 and more. */
  count(name: string): number {
    const value = this.#object[name];
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.#fail(name, 'is not a whole number');
  }

  bytes(name: string): Buffer {
    const text = this.text(name);
    return /^([0-9a-f]{2})*$/.test(text) ? Buffer.from(text, 'hex') : this.#fail(name, 'is not lower-case hex');
  }

  uuid(name: string): string {
    return this.#attempt(name, () => uuidText(uuidBytes(this.text(name))));
  }

  time(name: string): Micros {
    return this.#attempt(name, () => fromSqlTime(this.text(name).replace(/Z$/, '')));
  }

  list(name: string): readonly unknown[] {
    const value = this.#object[name];
    return Array.isArray(value) ? value : this.#fail(name, 'is not a list');
  }

  /** Any value; what is missing is null. */
  any(name: string): unknown {
    return this.#object[name] ?? null;
  }

  #attempt<T>(name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      return this.#fail(name, `cannot be read: ${messageOf(error)}`);
    }
  }

  #fail(name: string, why: string): never {
    throw new ProofFormatError(`Field ${name} of the ${this.#what} ${why}`, HINT);
  }
}

const HINT = { hint: 'give a file as Portledger wrote it' };

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
