import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Checkpoint,
  type CheckpointClaim,
  encodeClaim,
  isSignedBy,
  signCheckpoint,
} from '../../../src/ledger/proof/checkpoint.js';
import { checkpointOfJson, checkpointToJson, ProofFormatError } from '../../../src/ledger/proof/json.js';
import { generateSigningKey } from '../../../src/ledger/proof/key.js';
import { encodeStatement } from '../../../src/ledger/proof/statement.js';

const key = generateSigningKey();
const other = generateSigningKey();

const number = fc.integer({ min: 0, max: 8_000_000_000_000_000 });
const claim: fc.Arbitrary<CheckpointClaim> = fc.record({
  queue: fc.uuid(),
  sequence: number,
  hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  at: number,
  nextWithin: number,
});

/** One change of a checkpoint. */
const change: fc.Arbitrary<(checkpoint: Checkpoint) => Checkpoint> = fc.oneof(
  fc.uuid().map((queue) => (one: Checkpoint) => ({ ...one, queue })),
  fc
    .constantFrom('sequence' as const, 'at' as const, 'nextWithin' as const)
    .chain((field) =>
      fc.integer({ min: 1, max: 1000 }).map((step) => (one: Checkpoint) => ({ ...one, [field]: one[field] + step })),
    ),
  fc.constantFrom('hash' as const, 'signature' as const).chain((field) =>
    fc.nat(31).chain((index) =>
      fc.integer({ min: 1, max: 255 }).map((bits) => (one: Checkpoint) => {
        const bytes = Buffer.from(one[field]);
        bytes[index]! ^= bits;
        return { ...one, [field]: bytes };
      }),
    ),
  ),
);

describe('A checkpoint', () => {
  it('is signed by its key and by no other', () => {
    fc.assert(
      fc.property(claim, (one) => {
        const checkpoint = signCheckpoint(one, key);
        assert.equal(isSignedBy(checkpoint, key.public), true);
        assert.equal(isSignedBy(checkpoint, other.public), false);
        assert.equal(isSignedBy({ ...checkpoint, keyId: other.public.id }, other.public), false);
      }),
    );
  });

  it('is signed as a whole: any change of any field breaks the signature', () => {
    fc.assert(
      fc.property(claim, change, (one, alter) => {
        const checkpoint = signCheckpoint(one, key);
        const altered = alter(checkpoint);
        fc.pre(altered.queue !== checkpoint.queue || altered !== checkpoint);
        assert.equal(isSignedBy(altered, key.public), altered.queue === one.queue && isSame(altered, checkpoint));
      }),
    );
  });

  it('has one encoding, and no two have the same', () => {
    fc.assert(
      fc.property(claim, claim, (a, b) => {
        assert.deepEqual(encodeClaim(a, key.public.id), encodeClaim({ ...a }, key.public.id));
        assert.equal(encodeClaim(a, key.public.id).equals(encodeClaim(b, key.public.id)), isSame(a, b));
      }),
    );
  });

  it('comes back from JSON as it was', () => {
    const times = claim.map((one) => ({ ...one, at: one.at % 7_000_000_000_000_000 }));
    fc.assert(
      fc.property(times, (one) => {
        const checkpoint = signCheckpoint(one, key);
        const back = checkpointOfJson(JSON.parse(JSON.stringify(checkpointToJson(checkpoint))));
        assert.deepEqual(back, checkpoint);
        assert.equal(isSignedBy(back, key.public), true);
      }),
    );
  });

  it('is refused as JSON of any other form, with nothing but a ProofFormatError', () => {
    const good = checkpointToJson(
      signCheckpoint(
        { queue: '11111111-1111-4111-8111-111111111111', sequence: 1, hash: Buffer.alloc(32), at: 1, nextWithin: 1 },
        key,
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), (field, value) => {
        const json = { ...good, [field]: value };
        try {
          checkpointOfJson(json);
        } catch (error) {
          assert.ok(error instanceof ProofFormatError, String(error));
        }
      }),
    );
    assert.throws(() => checkpointOfJson({ ...good, hash: 'XY' }), ProofFormatError);
    assert.throws(() => checkpointOfJson([]), ProofFormatError);
  });
});

describe('A signed statement', () => {
  const field = fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.string({ maxLength: 5 }), fc.nat(), fc.constant(null));

  it('of one purpose is never one of another, nor are fields taken for one another', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 4 }), fc.array(field, { maxLength: 4 }), (a, b) => {
        assert.equal(encodeStatement('p v1', a).equals(encodeStatement('p v2', a)), false);
        const isSameBytes = encodeStatement('p v1', a).equals(encodeStatement('p v1', b));
        assert.equal(isSameBytes, a.length === b.length && a.every((one, i) => bytesOf(one) === bytesOf(b[i]!)));
      }),
    );
  });

  it('holds no number that is negative or not whole', () => {
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => encodeStatement('p', [bad]), RangeError);
  });
});

/** Numbers, texts and bytes stand for the same if their bytes are the same: each place has one type. */
function bytesOf(one: Uint8Array | string | number | null): string | null {
  if (one === null) return null;
  if (typeof one !== 'number') return Buffer.from(one as string).toString('hex');
  return one.toString(16).padStart(16, '0');
}

function isSame(a: CheckpointClaim, b: CheckpointClaim): boolean {
  const plain = (one: CheckpointClaim): string =>
    JSON.stringify([one.queue, one.sequence, Buffer.from(one.hash).toString('hex'), one.at, one.nextWithin]);
  const signatures = [a, b].map((one) =>
    'signature' in one ? Buffer.from(one.signature as Uint8Array).toString('hex') : '',
  );
  return plain(a) === plain(b) && signatures[0] === signatures[1];
}
