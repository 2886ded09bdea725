import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const live = new Set<string>();

/** Makes an empty folder for one test. It does not outlive the test run. */
export function makeTempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'portledger-'));
  live.add(path);
  return path;
}

/** Removes a folder and what is in it. */
export function removeTempDir(path: string): void {
  // A program that was killed a moment ago may still leave a file in it.
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  live.delete(path);
}

process.on('exit', () => {
  for (const path of live) removeTempDir(path);
});
