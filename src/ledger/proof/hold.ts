import type { Micros } from '../../base/time.js';
import type { PublicKey, SigningKey } from './key.js';
import { encodeStatement } from './statement.js';

const PURPOSE = 'portledger hold v1';

export const HOLD_SUBJECTS = ['mac', 'ip', 'port'] as const;
export type HoldSubject = (typeof HOLD_SUBJECTS)[number];

/** A legal hold: evidence that retention must keep, whatever its age. */
export interface HoldClaim {
  /** 1, 2, 3 ... */
  readonly id: number;
  readonly by: HoldSubject;
  /** The hardware address or IP address as the trail has it; for a port the 16 bytes that name it, in hex. */
  readonly value: string;
  /** What is held, in words: `port Gi1/0/12 on switch sw-a`. */
  readonly label: string;
  /** The span that is held, its end excluded; null: without limit. */
  readonly from: Micros | null;
  readonly to: Micros | null;
  readonly reason: string;
  readonly placedAt: Micros;
  /** Who placed it: user and host. */
  readonly placedBy: string;
  /** When it was lifted and by whom; null while it is in force. */
  readonly liftedAt: Micros | null;
  readonly liftedBy: string | null;
}

/** A hold that the owner of a key has signed. */
export interface Hold extends HoldClaim {
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a hold, as placed or as lifted. */
export function signHold(claim: HoldClaim, key: SigningKey): Hold {
  const { id, by, value, label, from, to, reason, placedAt, placedBy, liftedAt, liftedBy } = claim;
  const fields = { id, by, value, label, from, to, reason, placedAt, placedBy, liftedAt, liftedBy };
  return { ...fields, keyId: key.public.id, signature: key.sign(encodeHold(claim, key.public.id)) };
}

/** True if this key signed this hold, every field of it as it is. */
export function isHoldSignedBy(hold: Hold, key: PublicKey): boolean {
  return hold.keyId === key.id && key.verify(encodeHold(hold, key.id), hold.signature);
}

/** What the signature covers. Throws RangeError for negative numbers. */
export function encodeHold(claim: HoldClaim, keyId: string): Buffer {
  const { id, by, value, label, from, to, reason, placedAt, placedBy, liftedAt, liftedBy } = claim;
  const key = Buffer.from(keyId, 'hex');
  return encodeStatement(PURPOSE, [
    id,
    by,
    value,
    label,
    from,
    to,
    reason,
    placedAt,
    placedBy,
    liftedAt,
    liftedBy,
    key,
  ]);
}
