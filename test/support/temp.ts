import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty folder for one test. */
export function makeTempDir(): string {
  return mkdtempSync(join(tmpdir(), 'portledger-'));
}

/** Removes a folder and what is in it. */
export function removeTempDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
