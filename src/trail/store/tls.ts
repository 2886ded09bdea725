import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, UsageError } from '../../base/errors.js';
import type { TlsTarget } from './url.js';

/** TLS as the driver wants it. */
export interface TlsOptions {
  /** Undefined: the authorities that Node trusts. */
  readonly ca: string | undefined;
  readonly rejectUnauthorized: boolean;
  readonly verifyIdentity: boolean;
  readonly minVersion: 'TLSv1.2';
}

/**
 * Reads the file of authorities.
 * @throws UsageError if it cannot be read or has no certificate
 */
export function tlsOptions({ verify, ca }: TlsTarget): TlsOptions {
  const trusted = ca === undefined ? undefined : readCertificates(ca);
  return { ca: trusted, rejectUnauthorized: verify, verifyIdentity: verify, minVersion: 'TLSv1.2' };
}

function readCertificates(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw new UsageError(`Certificates in "${file}" cannot be read: ${messageOf(error)}`, {
      hint: "name a PEM file with the certificate of the authority that signed the database's (audit.tls.ca)",
      cause: error,
    });
  }
}
