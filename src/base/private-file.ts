import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS = 0o077;

/**
 * Creates the file and its folder if they are missing, and lets only the owner read and write the file, whatever the umask is and
 * whatever rights it had. Throws the system's error.
 */
export function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, 'a', 0o600);
  try {
    const { mode, uid } = fstatSync(fd);
    const isOurs = uid === process.geteuid?.() || process.geteuid?.() === 0;
    if ((mode & OTHERS) !== 0 && isOurs) fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
}
