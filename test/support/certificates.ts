import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../../rig/lab/requirements.js';

/** A certificate authority of a test, and what it signs. All files are in one folder. */
export interface Authority {
  /** Its certificate (PEM), for clients to trust. */
  readonly ca: string;
  /** Makes a key and a certificate for a host name, valid for some days (negative: already expired). */
  sign(name: string, days?: number): { cert: string; key: string };
}

/** Makes an authority in the folder; the label is part of its file names. */
export function makeAuthority(folder: string, label: string): Authority {
  const [key, ca] = [join(folder, `${label}-ca.key`), join(folder, `${label}-ca.pem`)];
  openssl('req', '-x509', ...newKey(key), '-subj', `/CN=${label} test authority`, '-days', '2', '-out', ca);
  return {
    ca,
    sign: (name, days = 1) => {
      const files = { cert: join(folder, `${label}-${name}.pem`), key: join(folder, `${label}-${name}.key`) };
      const request = join(folder, `${label}-${name}.csr`);
      const extensions = join(folder, `${label}-${name}.ext`);
      writeFileSync(extensions, `subjectAltName=DNS:${name}\n`);
      openssl('req', ...newKey(files.key), '-subj', `/CN=${name}`, '-out', request);
      const signer = ['-CA', ca, '-CAkey', key, '-CAcreateserial', '-extfile', extensions];
      openssl('x509', '-req', '-in', request, ...signer, '-days', `${days}`, '-out', files.cert);
      return files;
    },
  };
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

function openssl(...args: string[]): void {
  execFileSync(programPath('openssl')!, args, { stdio: 'pipe' });
}
