import type { Micros } from '../../base/time.js';
import { uuidBytes } from '../event/encoding.js';
import type { PublicKey, SigningKey } from './key.js';
import { encodeStatement } from './statement.js';

const PURPOSE = 'portledger checkpoint v1';

/** What a checkpoint says: the chain of this queue has this hash at this sequence. */
export interface CheckpointClaim {
  /** UUID of the queue, lower-case text. */
  readonly queue: string;
  /** 1 or more. */
  readonly sequence: number;
  /** Of that event, 32 bytes. */
  readonly hash: Uint8Array;
  /** When it was made, by the server's clock. */
  readonly at: Micros;
  /** While the server runs, a later event is signed within this time. A missing event is therefore noticed. */
  readonly nextWithin: Micros;
}

/** A claim that the owner of a key has signed. */
export interface Checkpoint extends CheckpointClaim {
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a claim. */
export function signCheckpoint(claim: CheckpointClaim, key: SigningKey): Checkpoint {
  const { queue, sequence, hash, at, nextWithin } = claim;
  const signature = key.sign(encodeClaim(claim, key.public.id));
  return { queue, sequence, hash, at, nextWithin, keyId: key.public.id, signature };
}

/** True if this key signed this checkpoint, every field of it as it is. */
export function isSignedBy(checkpoint: Checkpoint, key: PublicKey): boolean {
  if (checkpoint.keyId !== key.id) return false;
  return key.verify(encodeClaim(checkpoint, key.id), checkpoint.signature);
}

/** What the signature covers. Throws for a queue that is no UUID and for negative numbers. */
export function encodeClaim(claim: CheckpointClaim, keyId: string): Buffer {
  const { queue, sequence, hash, at, nextWithin } = claim;
  return encodeStatement(PURPOSE, [uuidBytes(queue), sequence, hash, at, nextWithin, Buffer.from(keyId, 'hex')]);
}
