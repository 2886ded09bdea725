import { type Introduction, isCertifiedBy } from './introduction.js';
import { type PublicKey, publicKeyOfDer } from './key.js';

/** Keys whose signatures count, by id. */
export type KeyRing = ReadonlyMap<string, PublicKey>;

/** The trusted keys, and every key that one of them certified, directly or through others. */
export function trustedRing(trusted: readonly PublicKey[], introductions: readonly Introduction[]): KeyRing {
  const ring = new Map(trusted.map((key) => [key.id, key]));
  let size: number;
  do {
    size = ring.size;
    for (const introduction of introductions) {
      const by = introduction.by === null ? undefined : ring.get(introduction.by);
      if (ring.has(introduction.keyId) || !by || !isCertifiedBy(introduction, by)) continue;
      const key = keyOf(introduction);
      if (key) ring.set(key.id, key);
    }
  } while (ring.size > size);
  return ring;
}

/** Every introduced key: shows only that signatures fit it, not that it can be trusted. */
export function claimedRing(introductions: readonly Introduction[]): KeyRing {
  const keys = introductions.map(keyOf).filter((key) => key !== null);
  return new Map(keys.map((key) => [key.id, key]));
}

/** Null if the bytes are no key, or another one than the introduction names. */
function keyOf(introduction: Introduction): PublicKey | null {
  try {
    const key = publicKeyOfDer(introduction.publicKey);
    return key.id === introduction.keyId ? key : null;
  } catch {
    return null;
  }
}
