import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LARGEST = 65_536;
const SMALLEST = 512;

const mounted = new Set<string>();

// Last resort if the test run ends without its hooks; before the folders are removed
process.prependListener('exit', () => mounted.forEach(unmount));

function unmount(folder: string): void {
  if (mounted.delete(folder)) execFileSync('umount', ['--lazy', folder]);
}

/** A small file system that a test can fill. Needs root. */
export class SmallDisk {
  readonly folder: string;
  #ballast = 0;

  /** Mounts it at this path, with this many bytes. */
  constructor(folder: string, bytes: number) {
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'portledger-test', folder]);
    mounted.add(folder);
    this.folder = folder;
  }

  /** Takes every free byte, so that no file can grow. */
  fill(): void {
    for (let size = Math.max(LARGEST, this.#free()); size >= SMALLEST; size /= 2) {
      size = Math.floor(size);
      while (this.#free() >= size) writeFileSync(join(this.folder, `ballast-${++this.#ballast}`), Buffer.alloc(size));
    }
  }

  /** Frees what {@link fill} took. */
  free(): void {
    for (const name of readdirSync(this.folder)) if (name.startsWith('ballast-')) rmSync(join(this.folder, name));
  }

  remove(): void {
    unmount(this.folder);
  }

  #free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }
}
