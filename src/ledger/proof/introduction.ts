import type { Micros } from '../../base/time.js';
import type { PublicKey, SigningKey } from './key.js';
import { encodeStatement } from './statement.js';

const PURPOSE = 'portledger key v1';

/** Introduces a key: the first of a server stands for itself, a later one is certified by the key before it. */
export interface Introduction {
  readonly keyId: string;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  /** Name of the server that signs with it. */
  readonly server: string;
  readonly at: Micros;
  /** The key that certifies this one. */
  readonly by: string | null;
  readonly signature: Uint8Array | null;
}

/** Introduces a key without a certificate: verifiers must trust it by itself. */
export function introduceFirst(key: PublicKey, server: string, at: Micros): Introduction {
  return { keyId: key.id, publicKey: key.der, server, at, by: null, signature: null };
}

/** Certifies the next key with this one. */
export function introduceNext(next: PublicKey, server: string, at: Micros, by: SigningKey): Introduction {
  const claim = { keyId: next.id, publicKey: next.der, server, at, by: by.public.id };
  return { ...claim, signature: by.sign(encodeIntroduction(claim)) };
}

/** True if `by` certified exactly this introduction. */
export function isCertifiedBy(introduction: Introduction, by: PublicKey): boolean {
  if (introduction.by !== by.id || introduction.signature === null) return false;
  return by.verify(encodeIntroduction(introduction), introduction.signature);
}

function encodeIntroduction(claim: Omit<Introduction, 'signature'>): Buffer {
  const { keyId, publicKey, server, at, by } = claim;
  return encodeStatement(PURPOSE, [Buffer.from(keyId, 'hex'), publicKey, server, at, Buffer.from(by ?? '', 'hex')]);
}
