import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { PortledgerError } from '../../base/errors.js';

/** A key that cannot be read, or is not what Portledger signs with (Ed25519, RFC 8032). */
export class KeyError extends PortledgerError {
  override readonly code = 'key';
}

const ID_BYTES = 16;

/** The half that checks signatures; everybody may have it. */
export interface PublicKey {
  /** First 16 bytes of SHA-256 of {@link der}, 32 hex digits. */
  readonly id: string;
  /** SubjectPublicKeyInfo, DER (RFC 8410). */
  readonly der: Buffer;
  /** True if the holder of the private half signed exactly these bytes. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** The half that signs; only its owner has it. */
export interface SigningKey {
  readonly public: PublicKey;
  /** 64 bytes. */
  sign(message: Uint8Array): Buffer;
  /** PKCS#8, PEM: what the key file holds. */
  pem(): string;
}

/** A new key from the system's random source. */
export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey);
}

/** Reads a private key in PKCS#8 PEM. Throws KeyError. */
export function signingKeyOfPem(pem: string): SigningKey {
  return signingKeyOf(keyObject(() => createPrivateKey(pem), 'private'));
}

/** Reads a public key in SPKI PEM. Throws KeyError, also for a private key, which nobody else should have. */
export function publicKeyOfPem(pem: string): PublicKey {
  if (pem.includes('PRIVATE KEY')) {
    throw new KeyError('This is a private key, not a public one', {
      hint: 'give the file beside it that ends in .pub',
    });
  }
  return publicKeyOf(keyObject(() => createPublicKey(pem), 'public'));
}

/** Reads a public key in SPKI DER. Throws KeyError. */
export function publicKeyOfDer(der: Uint8Array): PublicKey {
  return publicKeyOf(
    keyObject(() => createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }), 'public'),
  );
}

/** SPKI, PEM: what lies beside the key file. */
export function publicPem(key: PublicKey): string {
  const object = createPublicKey({ key: key.der, format: 'der', type: 'spki' });
  return object.export({ format: 'pem', type: 'spki' }) as string;
}

function keyObject(make: () => KeyObject, what: 'private' | 'public'): KeyObject {
  let key: KeyObject;
  try {
    key = make();
  } catch (error) {
    const hint = what === 'private' ? 'restore the key file from a copy' : 'give the .pub file of the server';
    throw new KeyError(`This is not a ${what} key in PEM`, { hint, cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new KeyError(`A key of type ${key.asymmetricKeyType} cannot be used`, {
      hint: 'Portledger signs with Ed25519',
    });
  }
  return key;
}

function signingKeyOf(key: KeyObject): SigningKey {
  return {
    public: publicKeyOf(createPublicKey(key)),
    sign: (message) => sign(null, message, key),
    pem: () => key.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

function publicKeyOf(key: KeyObject): PublicKey {
  const der = key.export({ format: 'der', type: 'spki' });
  return {
    id: createHash('sha256').update(der).digest().subarray(0, ID_BYTES).toString('hex'),
    der,
    verify: (message, signature) => verify(null, message, key, signature),
  };
}
