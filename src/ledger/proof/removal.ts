import type { Micros } from '../../base/time.js';
import { uuidBytes } from '../event/encoding.js';
import type { PublicKey, SigningKey } from './key.js';
import { encodeStatement } from './statement.js';

const PURPOSE = 'portledger removal v1';

/**
 * What stands in the trail for a stretch of a queue's events that retention removed. The chain goes on over it: the event
 * before the stretch has `hashBefore` (for the first event: the hash that stands before a queue), the event after it
 * continues `hashAfter`.
 */
export interface RemovalClaim {
  /** UUID of the queue, lower-case text. */
  readonly queue: string;
  /** First and last sequence that were removed; all between them were, too. */
  readonly from: number;
  readonly to: number;
  /** 32 bytes each. */
  readonly hashBefore: Uint8Array;
  readonly hashAfter: Uint8Array;
  /** When the run of retention began that removed them. */
  readonly at: Micros;
  /** Why, in words: `events older than 180d`. */
  readonly reason: string;
}

/** A removal that its owner has signed. */
export interface Removal extends RemovalClaim {
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a removal. Throws RangeError for a stretch that ends before it begins. */
export function signRemoval(claim: RemovalClaim, key: SigningKey): Removal {
  const { queue, from, to, hashBefore, hashAfter, at, reason } = claim;
  if (to < from) throw new RangeError(`Events ${from} to ${to} are no stretch`);
  const signature = key.sign(encodeRemoval(claim, key.public.id));
  return { queue, from, to, hashBefore, hashAfter, at, reason, keyId: key.public.id, signature };
}

/** True if this key signed this removal, every field of it as it is. */
export function isRemovalSignedBy(removal: Removal, key: PublicKey): boolean {
  if (removal.keyId !== key.id) return false;
  return key.verify(encodeRemoval(removal, key.id), removal.signature);
}

/** What the signature covers. Throws for a queue that is no UUID and for negative numbers. */
export function encodeRemoval(claim: RemovalClaim, keyId: string): Buffer {
  const { queue, from, to, hashBefore, hashAfter, at, reason } = claim;
  return encodeStatement(PURPOSE, [
    uuidBytes(queue),
    from,
    to,
    hashBefore,
    hashAfter,
    at,
    reason,
    Buffer.from(keyId, 'hex'),
  ]);
}
