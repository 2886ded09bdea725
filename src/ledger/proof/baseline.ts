import { createHash } from 'node:crypto';
import type { Micros } from '../../base/time.js';
import type { PublicKey, SigningKey } from './key.js';
import { encodeStatement, type StatementField } from './statement.js';

const PURPOSE = 'portledger baseline v1';
const ROW_PURPOSE = 'portledger open sighting v1';

/**
 * From where on sightings can be rebuilt after retention removed events: the sightings that were open at `before`, as they stood
 * then, and all events from then on. Sightings that had ended by then can be removed, but not rebuilt.
 */
export interface BaselineClaim {
  /** When the run of retention began; names the baseline. */
  readonly at: Micros;
  /** Events before this time were removed, except held ones. Never decreases from one baseline to the next. */
  readonly before: Micros;
  /** Sightings that ended before this time were removed, except held ones; null if none were. Never later than `before`. */
  readonly sightingsBefore: Micros | null;
  /** How many sightings this run removed. */
  readonly sightingsRemoved: number;
  /** How many sightings were open at `before`, and their {@link rowDigest} in the order of their addresses. */
  readonly open: number;
  readonly openDigest: Uint8Array;
}

/** A baseline that the owner of a key has signed. */
export interface Baseline extends BaselineClaim {
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a baseline. */
export function signBaseline(claim: BaselineClaim, key: SigningKey): Baseline {
  const { at, before, sightingsBefore, sightingsRemoved, open, openDigest } = claim;
  const signature = key.sign(encodeBaseline(claim, key.public.id));
  return { at, before, sightingsBefore, sightingsRemoved, open, openDigest, keyId: key.public.id, signature };
}

/** True if this key signed this baseline, every field of it as it is. */
export function isBaselineSignedBy(baseline: Baseline, key: PublicKey): boolean {
  if (baseline.keyId !== key.id) return false;
  return key.verify(encodeBaseline(baseline, key.id), baseline.signature);
}

/** What the signature covers. Throws RangeError for negative numbers. */
export function encodeBaseline(claim: BaselineClaim, keyId: string): Buffer {
  const { at, before, sightingsBefore, sightingsRemoved, open, openDigest } = claim;
  const id = Buffer.from(keyId, 'hex');
  return encodeStatement(PURPOSE, [at, before, sightingsBefore, sightingsRemoved, open, openDigest, id]);
}

/** SHA-256 over rows of values, in the order in which they are added. */
export function rowDigest(): { add(row: readonly StatementField[]): void; end(): Buffer } {
  const hash = createHash('sha256');
  return {
    add: (row) => void hash.update(encodeStatement(ROW_PURPOSE, row)),
    end: () => hash.digest(),
  };
}
