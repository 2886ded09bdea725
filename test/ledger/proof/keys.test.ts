import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { introduceFirst, introduceNext } from '../../../src/ledger/proof/introduction.js';
import {
  generateSigningKey,
  KeyError,
  publicKeyOfPem,
  publicPem,
  signingKeyOfPem,
} from '../../../src/ledger/proof/key.js';
import {
  publicKeyFile,
  readKeyFile,
  readOrMakeKeyFile,
  readPublicKeyFile,
  replaceKeyFile,
} from '../../../src/ledger/proof/key-file.js';
import { claimedRing, trustedRing } from '../../../src/ledger/proof/key-ring.js';

const [first, second, third, stranger] = [0, 1, 2, 3].map(() => generateSigningKey());

describe('A key ring', () => {
  const chain = [
    introduceNext(third!.public, 'dhcp-a', 3, second!),
    introduceFirst(first!.public, 'dhcp-a', 1),
    introduceNext(second!.public, 'dhcp-a', 2, first!),
  ];

  it('trusts the given key and what it certified, also through others, whatever the order', () => {
    assert.deepEqual([...trustedRing([first!.public], chain).keys()].sort(), idsOf(first!, second!, third!));
    assert.deepEqual([...trustedRing([second!.public], chain).keys()].sort(), idsOf(second!, third!));
  });

  it('does not trust a key that introduces itself, or whose certificate was changed', () => {
    const forged = [
      introduceFirst(stranger!.public, 'dhcp-a', 4),
      { ...introduceNext(stranger!.public, 'dhcp-a', 4, stranger!), by: first!.public.id },
      { ...introduceNext(second!.public, 'dhcp-a', 2, first!), server: 'dhcp-b' },
      { ...introduceNext(second!.public, 'dhcp-a', 2, first!), publicKey: stranger!.public.der },
      { ...introduceNext(second!.public, 'dhcp-a', 2, first!), signature: null },
    ];
    assert.deepEqual([...trustedRing([first!.public], forged).keys()], idsOf(first!));
  });

  it('without trust has every key that is the one it is named as', () => {
    const wrong = { ...introduceFirst(first!.public, 'dhcp-a', 1), publicKey: stranger!.public.der };
    const none = { ...introduceFirst(first!.public, 'dhcp-a', 1), publicKey: Buffer.from('no key') };
    assert.deepEqual([...claimedRing([wrong, none]).keys()], []);
    assert.deepEqual([...claimedRing(chain).keys()].sort(), idsOf(first!, second!, third!));
  });
});

describe('A key file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portledger-key-'));
    file = join(folder, 'keys', 'a.key');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once, for its owner alone, with its public half beside it for everybody', () => {
    const before = process.umask(0);
    try {
      const key = readOrMakeKeyFile(file);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(publicKeyFile(file)).mode & 0o777, 0o644);
      assert.equal(readOrMakeKeyFile(file).public.id, key.public.id);
      assert.equal(readPublicKeyFile(publicKeyFile(file)).id, key.public.id);
      assert.match(readFileSync(file, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
    } finally {
      process.umask(before);
    }
  });

  it('is replaced as a whole, public half included', () => {
    readOrMakeKeyFile(file);
    replaceKeyFile(file, second!);
    assert.equal(readKeyFile(file).public.id, second!.public.id);
    assert.equal(readPublicKeyFile(publicKeyFile(file)).id, second!.public.id);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('that is missing, no key, of another kind, or the private half is refused in one line with a hint', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' });
    const bad: [() => unknown, RegExp][] = [
      [() => readKeyFile(file), /does not exist/],
      [() => readKeyFile(write('a.key', 'nothing')), /a\.key: This is not a private key in PEM/],
      [() => readKeyFile(write('b.key', rsa as string)), /A key of type rsa cannot be used/],
      [() => readPublicKeyFile(write('c.pub', first!.pem())), /This is a private key/],
      [() => readPublicKeyFile(write('d.pub', '')), /This is not a public key in PEM/],
      [() => readPublicKeyFile(join(folder, 'none.pub')), /cannot be used: ENOENT/],
    ];
    for (const [attempt, message] of bad) {
      assert.throws(
        attempt,
        (error) => error instanceof KeyError && message.test(error.message) && Boolean(error.hint),
      );
    }
  });

  it('names its key by the hash of the public half', () => {
    const key = readOrMakeKeyFile(file);
    const digest = createHash('sha256').update(key.public.der).digest('hex');
    assert.equal(key.public.id, digest.slice(0, 32));
    assert.equal(publicKeyOfPem(publicPem(key.public)).id, key.public.id);
    assert.equal(signingKeyOfPem(key.pem()).public.id, key.public.id);
  });

  function write(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
    return join(folder, name);
  }
});

function idsOf(...keys: readonly { public: { id: string } }[]): string[] {
  return keys.map((key) => key.public.id).sort();
}
