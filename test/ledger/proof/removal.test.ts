import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BaselineClaim, isBaselineSignedBy, rowDigest, signBaseline } from '../../../src/ledger/proof/baseline.js';
import { HOLD_SUBJECTS, type HoldClaim, isHoldSignedBy, signHold } from '../../../src/ledger/proof/hold.js';
import { generateSigningKey, type PublicKey, type SigningKey } from '../../../src/ledger/proof/key.js';
import { isRemovalSignedBy, type RemovalClaim, signRemoval } from '../../../src/ledger/proof/removal.js';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ maxLength: 20 });

const removal: fc.Arbitrary<RemovalClaim> = fc
  .record({
    queue: fc.uuid(),
    from: fc.integer({ min: 1, max: 1e9 }),
    length: fc.integer({ min: 1, max: 1e6 }),
    hashBefore: bytes32,
    hashAfter: bytes32,
    at: time,
    reason: text,
  })
  .map(({ length, ...claim }) => ({ ...claim, to: claim.from + length - 1 }));

const baseline: fc.Arbitrary<BaselineClaim> = fc.record({
  at: time,
  before: time,
  sightingsBefore: fc.option(time),
  sightingsRemoved: fc.nat(),
  open: fc.nat(),
  openDigest: bytes32,
});

const hold: fc.Arbitrary<HoldClaim> = fc.record({
  id: fc.integer({ min: 1, max: 1e6 }),
  by: fc.constantFrom(...HOLD_SUBJECTS),
  value: text,
  label: text,
  from: fc.option(time),
  to: fc.option(time),
  reason: text,
  placedAt: time,
  placedBy: text,
  liftedAt: fc.option(time),
  liftedBy: fc.option(text),
});

/** What is signed is refused with any field of another record in place of its own, and by any other key. */
function holdsEveryField<T extends object>(
  claims: fc.Arbitrary<T>,
  sign: (claim: T, key: SigningKey) => T & { keyId: string },
  isSigned: (signed: T & { keyId: string }, key: PublicKey) => boolean,
): void {
  const [key, other] = [generateSigningKey(), generateSigningKey()];
  fc.assert(
    fc.property(claims, claims, (claim, another) => {
      const signed = sign(claim, key);
      assert.ok(isSigned(signed, key.public));
      assert.ok(!isSigned(signed, other.public));
      assert.ok(!isSigned({ ...signed, keyId: other.public.id }, other.public));
      for (const field of Object.keys(claim) as (keyof T)[]) {
        const same = JSON.stringify(claim[field]) === JSON.stringify(another[field]);
        assert.equal(isSigned({ ...signed, [field]: another[field] }, key.public), same, String(field));
      }
    }),
  );
}

describe('Signed records of retention', () => {
  it('refuse a removal with any field changed, or by another key', () => {
    holdsEveryField(removal, signRemoval, (signed, key) =>
      isRemovalSignedBy(signed as Parameters<typeof isRemovalSignedBy>[0], key),
    );
  });

  it('refuse a baseline with any field changed, or by another key', () => {
    holdsEveryField(baseline, signBaseline, (signed, key) =>
      isBaselineSignedBy(signed as Parameters<typeof isBaselineSignedBy>[0], key),
    );
  });

  it('refuse a hold with any field changed, or by another key', () => {
    holdsEveryField(hold, signHold, (signed, key) =>
      isHoldSignedBy(signed as Parameters<typeof isHoldSignedBy>[0], key),
    );
  });

  it('do not take a stretch that ends before it begins', () => {
    const claim = { queue: '11111111-1111-4111-8111-111111111111', from: 2, to: 1, at: 0, reason: '' };
    const hashes = { hashBefore: Buffer.alloc(32), hashAfter: Buffer.alloc(32) };
    assert.throws(() => signRemoval({ ...claim, ...hashes }, generateSigningKey()), RangeError);
  });

  it('digest rows by their values, their order and where one ends', () => {
    const row = fc.array(fc.oneof(fc.nat(), text, fc.constant(null), bytes32), { maxLength: 4 });
    const digest = (rows: Parameters<ReturnType<typeof rowDigest>['add']>[0][]) => {
      const whole = rowDigest();
      for (const one of rows) whole.add(one);
      return whole.end().toString('hex');
    };
    const shape = (rows: unknown[][]) => JSON.stringify(rows.map((one) => one.map((value) => [typeof value, value])));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.array(row, { maxLength: 4 }), (a, b) => {
        const reversed = a.toReversed();
        if (shape(a) !== shape(reversed)) assert.notEqual(digest(a), digest(reversed));
        assert.equal(digest(a) === digest(b), shape(a) === shape(b));
      }),
    );
  });
});
