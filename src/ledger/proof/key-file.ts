import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../base/errors.js';
import { isMissing } from '../../base/files.js';
import {
  generateSigningKey,
  KeyError,
  type PublicKey,
  publicKeyOfPem,
  publicPem,
  type SigningKey,
  signingKeyOfPem,
} from './key.js';

/** Path of the public half of a key file. */
export function publicKeyFile(keyFile: string): string {
  return `${keyFile}.pub`;
}

/** True if there is a private key. */
export function keyFileExists(keyFile: string): boolean {
  return !isMissing(keyFile);
}

/**
 * Reads the private key.
 * @throws KeyError if it is missing, cannot be read or is no Ed25519 key in PEM
 */
export function readKeyFile(keyFile: string): SigningKey {
  if (!keyFileExists(keyFile)) {
    throw new KeyError(`Key file ${keyFile} does not exist`, {
      hint: 'portledger serve makes it at its first start; check queue.key-file',
    });
  }
  return readPem(keyFile, signingKeyOfPem);
}

/** Reads a public key. Throws KeyError. */
export function readPublicKeyFile(file: string): PublicKey {
  return readPem(file, publicKeyOfPem);
}

/** Reads the private key, and makes it if there is none. Writes its public half beside it. Throws KeyError. */
export function readOrMakeKeyFile(keyFile: string): SigningKey {
  if (!keyFileExists(keyFile)) replaceKeyFile(keyFile, generateSigningKey());
  const key = readKeyFile(keyFile);
  if (!existsSync(publicKeyFile(keyFile))) writePublic(keyFile, key);
  return key;
}

/** Puts another key into the file, durably and atomically: a reader finds the old or the new key. Throws KeyError. */
export function replaceKeyFile(keyFile: string, key: SigningKey): void {
  attempt(keyFile, () => {
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
    writeDurably(keyFile, key.pem(), 0o600);
  });
  writePublic(keyFile, key);
}

function writePublic(keyFile: string, key: SigningKey): void {
  attempt(publicKeyFile(keyFile), () => writeDurably(publicKeyFile(keyFile), publicPem(key.public), 0o644));
}

function writeDurably(file: string, text: string, mode: number): void {
  const fd = openSync(`${file}.new`, 'w', mode);
  try {
    fchmodSync(fd, mode); // whatever the umask is, and also if the file was left there
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
}

function readPem<T>(file: string, parse: (pem: string) => T): T {
  const pem = attempt(file, () => readFileSync(file, 'utf8'));
  try {
    return parse(pem);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new KeyError(`${file}: ${error.message}`, { ...(error.hint && { hint: error.hint }), cause: error });
  }
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new KeyError(`Key file ${file} cannot be used: ${messageOf(error)}`, {
      hint: 'check the path, its folder and its owner, and run this as the user that the server runs as, or as root',
      cause: error,
    });
  }
}
